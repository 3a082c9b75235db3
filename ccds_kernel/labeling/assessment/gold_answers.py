"""One labeler against the gold set: how often they are right, label by label, and how often a wrong prefill misled them.

A *gold answer* is a rating of a study of the gold set. *Anchoring* is counted over gold answers whose prefilled labels were
wrong: how many took over what the screen showed. Where labels exclude each other that is the label shown; elsewhere at
least one wrong mark, present or absent, that was left as it stood. Studies for which nobody knows the answer count for pace only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from pydantic import Field

from ccds_kernel.labeling.assessment.coefficients import cohen_kappa, gwet_ac1
from ccds_kernel.labeling.assessment.drift import Cusum, Drift, drift
from ccds_kernel.labeling.assessment.estimate import Statistic, Value
from ccds_kernel.labeling.assessment.pace import Pace, pace
from ccds_kernel.labeling.assessment.rating import Codes, Question, Rating, RatingTable, counted
from ccds_kernel.rate import Rate, rate

Labels = frozenset[str]


class GoldAnswer(Value):
    """What a labeler said about a study of the gold set, for feedback; labels sorted, `shown` None without a prefill."""

    study: str
    at: datetime
    said: tuple[str, ...]
    gold: tuple[str, ...]
    shown: tuple[str, ...] | None
    right: bool


class LabelFigures(Value):
    """How well a labeler sees one label; a rate is None where it would be over no study."""

    label: str
    sensitivity: Rate | None
    specificity: Rate | None
    cohen: Statistic
    ac1: Statistic


class Assessment(Value):
    """One labeler: `accuracy` over gold answers that are right in each label; `cohen` and `ac1` on which label it is, None where
    labels don't exclude each other; `anchoring` over wrong prefills; rates are None where they would be over no study.
    """

    labeler: str
    rated: int = Field(ge=0)
    accuracy: Rate | None
    cohen: Statistic | None
    ac1: Statistic | None
    labels: tuple[LabelFigures, ...]
    anchoring: Rate | None
    drift: Drift
    pace: Pace | None
    answers: tuple[GoldAnswer, ...]


def assess(
    table: RatingTable,
    labeler: str,
    gold: Mapping[str, Labels],
    asked: Sequence[Question],
    cusum: Cusum | None = None,
) -> Assessment:
    """The assessment of `labeler`.

    Args:
        table: the ratings of a task.
        labeler: one who rated, or whoever hasn't yet.
        gold: study key → its labels.
        asked: the task's questions.
        cusum: the test for drift; None for the usual one.

    Raises:
        CcdsError: a rating or a gold label is no answer to a question.
    """
    rated = table.of(labeler)
    pairs = [(one, gold[one.study]) for one in rated if one.study in gold]
    exclusive = next((question for question in asked if question.label is None), None)
    labels = asked[0].labels if asked else ()
    misled = [_taken_over(one, truth, exclusive) for one, truth in pairs if one.shown not in (None, truth)]
    right = [one.labels == truth for one, truth in pairs]
    answers = tuple(_answer(one, truth) for one, truth in pairs)
    cohen, ac1 = _coefficients(exclusive, pairs) if exclusive else (None, None)
    return Assessment(
        labeler=labeler,
        rated=len(rated),
        accuracy=_rate(right),
        cohen=cohen,
        ac1=ac1,
        labels=tuple(_figures(label, labels, pairs) for label in labels),
        anchoring=_rate(misled),
        drift=drift([(one.at, one.right) for one in answers], cusum),
        pace=pace(one.seconds for one in rated if one.seconds is not None),
        answers=answers,
    )


def _figures(label: str, labels: tuple[str, ...], pairs: Sequence[tuple[Rating, Labels]]) -> LabelFigures:
    cohen, ac1 = _coefficients(Question(label, labels), pairs)
    return LabelFigures(
        label=label,
        sensitivity=_rate([label in one.labels for one, truth in pairs if label in truth]),
        specificity=_rate([label not in one.labels for one, truth in pairs if label not in truth]),
        cohen=cohen,
        ac1=ac1,
    )


def _coefficients(question: Question, pairs: Sequence[tuple[Rating, Labels]]) -> tuple[Statistic, Statistic]:
    said = _codes(question, [one.labels for one, _ in pairs])
    truth = _codes(question, [labels for _, labels in pairs])
    both = counted(np.stack([said, truth], axis=1), question.categories)
    return cohen_kappa(said, truth, question.categories), gwet_ac1(both)


def _codes(question: Question, labels: Sequence[Labels]) -> Codes:
    return np.array([question.code(one) for one in labels], np.int16)


def _taken_over(rating: Rating, truth: Labels, exclusive: Question | None) -> bool:
    shown = rating.shown or frozenset()
    if exclusive:
        return rating.labels == shown
    return bool((shown ^ truth) - (rating.labels ^ shown))


def _rate(which: Sequence[bool]) -> Rate | None:
    return rate(sum(which), len(which)) if which else None


def _answer(rating: Rating, truth: Labels) -> GoldAnswer:
    return GoldAnswer(
        study=rating.study,
        at=rating.at,
        said=tuple(sorted(rating.labels)),
        gold=tuple(sorted(truth)),
        shown=None if rating.shown is None else tuple(sorted(rating.shown)),
        right=rating.labels == truth,
    )
