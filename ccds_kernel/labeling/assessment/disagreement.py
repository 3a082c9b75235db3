"""Studies about which labelers differ, in the order in which the fellow adjudicates them.

First those on which people are split most: the share of pairs of ratings that differ, at the question where it is largest. Then
those with more disputed questions, then those that more people rated. Each names who said what, and what most said, which
the fellow may see or not. Adjudicated studies and those of the gold set have their answer: the caller names them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.assessment.estimate import Value
from ccds_kernel.labeling.assessment.rating import PRESENT, Codes, Question, RatingTable, counted


class Vote(Value):
    """One answer, and who gave it: `label`, or, where `present` is False, that it isn't there."""

    label: str
    present: bool
    labelers: tuple[str, ...]


class Dispute(Value):
    """A question on which the labelers of a study differ: the votes, most first; `share` of the pairs of ratings differ."""

    label: str | None
    votes: tuple[Vote, ...]
    share: float

    @property
    def is_tied(self) -> bool:
        """Whether no answer has more votes than each other."""
        return len(self.votes[0].labelers) == len(self.votes[1].labelers)


class Disagreement(Value):
    """A study on which labelers differ."""

    study: str
    raters: int
    disputes: tuple[Dispute, ...]

    @property
    def share(self) -> float:
        """The share of differing pairs of ratings at the question where it is largest."""
        return max(one.share for one in self.disputes)


def disagreements(
    table: RatingTable, asked: Sequence[Question], settled: Collection[str] = ()
) -> tuple[Disagreement, ...]:
    """The studies of `table` without those of `settled` (study keys) on which labelers differ, first what is most disputed.

    Raises:
        CcdsError: a rating is no answer to a question.
    """
    disputes: dict[int, list[Dispute]] = {}
    raters: dict[int, int] = {}
    for question in asked:
        codes = table.codes(question)
        counts = counted(codes, question.categories)
        ratings = counts.sum(axis=1)
        for row in np.flatnonzero((counts > 0).sum(axis=1) > 1).tolist():
            disputes.setdefault(row, []).append(_dispute(table, question, codes[row], counts[row]))
            raters[row] = int(ratings[row])
    known = frozenset(settled)
    found = [
        Disagreement(study=table.studies[row], raters=raters[row], disputes=tuple(of_row))
        for row, of_row in disputes.items()
        if table.studies[row] not in known
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, -len(one.disputes), -one.raters, one.study)))


def _dispute(table: RatingTable, question: Question, said: Codes, counts: npt.NDArray[np.float64]) -> Dispute:
    ratings = float(counts.sum())
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda code: (-counts[code], code))
    votes = tuple(
        Vote(
            label=question.label or question.labels[code],
            present=question.label is None or code == PRESENT,
            labelers=tuple(table.labelers[column] for column in np.flatnonzero(said == code).tolist()),
        )
        for code in order
    )
    apart = 1 - float((counts * (counts - 1)).sum()) / (ratings * (ratings - 1))
    return Dispute(label=question.label, votes=votes, share=round(apart, 6))
