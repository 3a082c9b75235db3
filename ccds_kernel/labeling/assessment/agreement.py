"""Agreement of labelers with each other, for one question: all of them at once, or two by two.

Raw agreement, kappa and AC1 stand side by side, because none of them tells enough alone: with a label that 4 of 100 studies have
and labelers who are right in 98 of 100, raw agreement and AC1 are .96 and kappa is .64. Positive and negative agreement
say on which side they differ.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ccds_kernel.labeling.assessment.coefficients import (
    Counts,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raw_agreement,
    specific_agreement,
)
from ccds_kernel.labeling.assessment.estimate import Statistic, Value
from ccds_kernel.labeling.assessment.rating import ABSENT, PRESENT, Codes, Question, RatingTable, counted


class LabelAgreement(Value):
    """Agreement on one label: `positive` that it is there, `negative` that it isn't."""

    label: str
    positive: Statistic
    negative: Statistic


class Agreement(Value):
    """Agreement of `labelers` on a question: on `label`, or, where that is None, on which label it is.

    `cohen` is None unless they are two.
    """

    label: str | None
    labelers: tuple[str, ...]
    raw: Statistic
    cohen: Statistic | None
    fleiss: Statistic
    ac1: Statistic
    alpha: Statistic
    labels: tuple[LabelAgreement, ...]


def agreement(table: RatingTable, question: Question) -> Agreement:
    """Agreement of all labelers of `table` at once.

    Raises:
        CcdsError: a rating is no answer to the question.
    """
    return _agreement(table.codes(question), table.labelers, question)


def pairwise(table: RatingTable, question: Question) -> tuple[Agreement, ...]:
    """Agreement of each two labelers of `table`, by name; those two with no study in common aren't left out.

    Raises:
        CcdsError: a rating is no answer to the question.
    """
    codes = table.codes(question)
    return tuple(
        _agreement(codes[:, [first, second]], (table.labelers[first], table.labelers[second]), question)
        for first, second in combinations(range(len(table.labelers)), 2)
    )


def _agreement(codes: Codes, labelers: tuple[str, ...], question: Question) -> Agreement:
    counts = counted(codes, question.categories)
    two = len(labelers) == 2  # noqa: PLR2004 - a pair is two
    return Agreement(
        label=question.label,
        labelers=labelers,
        raw=raw_agreement(counts),
        cohen=cohen_kappa(codes[:, 0], codes[:, 1], question.categories) if two else None,
        fleiss=fleiss_kappa(counts),
        ac1=gwet_ac1(counts),
        alpha=krippendorff_alpha(counts),
        labels=_by_label(counts, question),
    )


def _by_label(counts: Counts, question: Question) -> tuple[LabelAgreement, ...]:
    if question.label is not None:
        return (_label_agreement(question.label, counts),)
    ratings = counts.sum(axis=1)
    return tuple(
        _label_agreement(label, np.stack([ratings - counts[:, code], counts[:, code]], axis=1))
        for code, label in enumerate(question.labels)
    )


def _label_agreement(label: str, counts: Counts) -> LabelAgreement:
    return LabelAgreement(
        label=label, positive=specific_agreement(counts, PRESENT), negative=specific_agreement(counts, ABSENT)
    )
