"""What labelers said about studies, as a table that statistics are taken from.

A *rating* is one labeler's answer about one study: a set of labels, of exactly one where the labels of the task exclude each
other. A *question* is what one statistic is about. A task whose labels exclude each other asks one question, which label; any
other task asks one question for each label, whether it is there. The answer to a question is a *code*, its place among
the question's categories. Skipped and flagged studies have no rating: whoever hands in ratings leaves them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError

Codes = npt.NDArray[np.int16]

NOBODY = -1
"""The code of a study that the labeler didn't rate."""

ABSENT, PRESENT = 0, 1
"""The codes of a question about one label."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One labeler's answer about one study.

    Args:
        study: its study key.
        labeler: who answered.
        labels: what they said; may be empty where the labels don't exclude each other.
        at: when, with a time zone.
        shown: the labels that the screen had preselected; None where it preselected nothing.
        seconds: how long the study was on the screen; None where nobody measured it.

    Raises:
        ValueError: the time has no zone, or the seconds aren't a length of time.
    """

    study: str
    labeler: str
    labels: frozenset[str]
    at: datetime
    shown: frozenset[str] | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of a rating has a time zone")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError("the seconds of a rating are finite and not negative")


@dataclass(frozen=True)
class Question:
    """What is asked about each study.

    Args:
        label: the label that is there or isn't; None where the question is which of `labels` it is.
        labels: all labels of the task, in its order.
    """

    label: str | None
    labels: tuple[str, ...]

    @property
    def categories(self) -> int:
        """How many answers there are."""
        return len(self.labels) if self.label is None else 2

    def code(self, said: frozenset[str]) -> int:
        """The code of the answer `said`.

        Raises:
            CcdsError: it is not one label of the task, where the question is which.
        """
        if self.label is not None:
            return PRESENT if self.label in said else ABSENT
        word = next(iter(said), None)
        if len(said) != 1 or word not in self.labels:
            raise CcdsError(
                expected="ratings that say one label of the task each",
                found="one that says none, several, or a label that the task doesn't have",
                do="look at the task's labels: each label that somebody gave has to stay",
            )
        return self.labels.index(word)


def questions(labels: Sequence[str], *, exclusive: bool) -> tuple[Question, ...]:
    """What a task asks: which of `labels` where they are `exclusive`, otherwise of each whether it is there."""
    if exclusive and labels:
        return (Question(None, tuple(labels)),)
    return tuple(Question(label, tuple(labels)) for label in labels)


class RatingTable:
    """Ratings by study and labeler; of several by the same labeler about the same study the latest one counts.

    Attributes:
        studies: their keys, sorted; the rows of `codes`.
        labelers: sorted; the columns of `codes`.
        ratings: those that count, in order of time.
    """

    def __init__(self, ratings: Iterable[Rating]) -> None:
        latest: dict[tuple[str, str], Rating] = {}
        for rating in sorted(ratings, key=lambda one: one.at):
            latest.pop((rating.study, rating.labeler), None)
            latest[rating.study, rating.labeler] = rating
        self.ratings = tuple(latest.values())
        self.studies = tuple(sorted({one.study for one in self.ratings}))
        self.labelers = tuple(sorted({one.labeler for one in self.ratings}))
        # People say few different sets of labels: each is coded once, whatever the number of studies.
        said = {labels: number for number, labels in enumerate({one.labels for one in self.ratings})}
        self._sets = tuple(said)
        self._said = np.fromiter((said[one.labels] for one in self.ratings), np.intp, len(self.ratings))
        rows = {study: row for row, study in enumerate(self.studies)}
        columns = {labeler: column for column, labeler in enumerate(self.labelers)}
        self._rows = np.fromiter((rows[one.study] for one in self.ratings), np.intp, len(self.ratings))
        self._columns = np.fromiter((columns[one.labeler] for one in self.ratings), np.intp, len(self.ratings))

    def of(self, labeler: str) -> tuple[Rating, ...]:
        """The ratings of `labeler` in order of time; none where nobody of that name rated."""
        return tuple(one for one in self.ratings if one.labeler == labeler)

    def codes(self, question: Question) -> Codes:
        """What each labeler answered to `question` about each study: int16 of shape (studies, labelers), `NOBODY` for no rating.

        Raises:
            CcdsError: a rating is no answer to it.
        """
        coded = np.array([question.code(said) for said in self._sets], np.int16)
        codes = np.full((len(self.studies), len(self.labelers)), NOBODY, np.int16)
        codes[self._rows, self._columns] = coded[self._said]
        return codes


def counted(codes: Codes, categories: int) -> npt.NDArray[np.float64]:
    """How many labelers gave each category to each study: shape (studies, categories), from `codes` (studies, labelers)."""
    return np.stack([(codes == category).sum(axis=1) for category in range(categories)], axis=1).astype(np.float64)
