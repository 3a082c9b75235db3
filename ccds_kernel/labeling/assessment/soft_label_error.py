"""How often the soft labels of each phrase are wrong, and how many wrong ones are left, from the studies that were confirmed.

A soft label is wrong where the confirmed label is another. Of each phrase the studies that it *captures* are counted, those of
them that are *confirmed*, and of these the *wrong* ones. The rate is that of the confirmed ones, with Wilson's interval. Studies
about which somebody said something that tells nothing of the phrase (gold ones, which somebody chose, or disputed ones) are
*settled*. The number of wrong ones among the other studies U that it captures is U times the rate; its interval is Bayes'
prediction: with Jeffreys' prior the number is beta-binomial, wrong + ½ and confirmed - wrong + ½ [Brown, Cai and DasGupta 2001,
Stat Sci 16:101–133, for the prior; Gelman et al. 2013, Bayesian Data Analysis, 3rd edition, section 3.3 and 2.4, for the
prediction].
So the interval knows that nobody looked at these U, and is 0 to 0 where none is left. It is widened to the estimate where that
lies outside, as Brown, Cai and DasGupta set Jeffreys' lower limit to 0 where nothing was wrong.

Over all phrases the rate is stratified: each phrase's rate weighs as many studies as the phrase captures, because people confirm
rare phrases as often as common ones; the plain share of wrong ones among all confirmed would be that of the studies that
somebody chose. Its uncertainty is that of n* independent studies, n* = 1 / Σ (weight² / confirmed) [Kish 1965, Survey
Sampling, section 8.2]. The number of wrong ones left is predicted likewise, but there a phrase weighs as many studies as it has
left: one that is confirmed as a whole says nothing about those of others. Phrases of which nothing is confirmed say nothing
and are left out; how many studies they capture stands beside it. Rejected: adding up the phrases' predictions, which with many
phrases and few confirmed studies each adds up as many priors; and one weight for both, whose interval is about other studies than
the number.

Two things to know. The confirmed studies of a phrase have to be like its others: sampled, or all. And a labeler who sees the soft
label takes over a part of the wrong ones (`Assessment.anchoring`), so that the true rate is higher by that part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from ccds_kernel.labeling.assessment.estimate import Value
from ccds_kernel.rate import Rate, rate, wilson

_TAIL = 0.025
_DIGITS = 6


class PhraseCounts(Value):
    """The studies of one phrase."""

    captured: int = Field(ge=0)
    confirmed: int = Field(ge=0)
    wrong: int = Field(ge=0)
    settled: int = Field(default=0, ge=0)

    @property
    def left(self) -> int:
        """About how many nobody said anything."""
        return self.captured - self.confirmed - self.settled

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.wrong <= self.confirmed <= self.captured - self.settled:
            raise ValueError("wrong ones are confirmed, and confirmed ones, and others that are settled, captured")
        return self


class Left(Value):
    """Studies about which nobody said anything, how many of them have a wrong soft label, and that number's 95 % interval."""

    studies: int = Field(ge=0)
    wrong: float
    low: int
    high: int


class PhraseError(Value):
    """The soft labels of one phrase: `rate` and `left` are None where nothing of it is confirmed."""

    counts: PhraseCounts
    rate: Rate | None
    left: Left | None


class StratifiedRate(Value):
    """The rate over all studies of the phrases that have confirmed ones, as a share with its 95 % interval."""

    value: float
    low: float
    high: float
    confirmed: int = Field(ge=1)


class SoftLabelErrors(Value):
    """The phrases in the order in which they were given, and all together; `rate` and `left` are None where nothing is confirmed.

    `unknown` is the number of studies left of phrases of which nothing is confirmed: `rate` and `left` say nothing about them.
    """

    phrases: tuple[PhraseError, ...]
    rate: StratifiedRate | None
    left: Left | None
    unknown: int


def count_phrases(
    holders: npt.NDArray[np.integer],
    confirmed: npt.NDArray[np.bool_],
    wrong: npt.NDArray[np.bool_],
    settled: npt.NDArray[np.bool_],
    phrases: int,
) -> tuple[PhraseCounts, ...]:
    """The counts of each of `phrases` phrases.

    Args:
        holders: of each study the place of the phrase that captures it; below 0 where none does.
        confirmed: of each study whether somebody confirmed it; of the same length.
        wrong: whether the confirmed label is another than the soft label; False counts where it isn't confirmed.
        settled: whether somebody said something about it all the same; False where it is confirmed.
        phrases: how many there are.
    """
    held = holders >= 0

    def by_phrase(which: npt.NDArray[np.bool_]) -> list[int]:
        return [int(count) for count in np.bincount(holders[held & which], minlength=phrases)]

    everything = np.ones(len(holders), dtype=bool)
    return tuple(
        PhraseCounts(captured=captured, confirmed=looked_at, wrong=other, settled=said)
        for captured, looked_at, other, said in zip(
            by_phrase(everything),
            by_phrase(confirmed),
            by_phrase(confirmed & wrong),
            by_phrase(settled & ~confirmed),
            strict=True,
        )
    )


def soft_label_errors(phrases: Sequence[PhraseCounts]) -> SoftLabelErrors:
    """The errors of each phrase and of all."""
    known = [one for one in phrases if one.confirmed]
    unknown = sum(one.left for one in phrases if not one.confirmed)
    by_phrase = tuple(_phrase_error(one) for one in phrases)
    if not known:
        return SoftLabelErrors(phrases=by_phrase, rate=None, left=None, unknown=unknown)
    captured = np.array([one.captured for one in known], float)
    confirmed = np.array([one.confirmed for one in known], float)
    wrong = np.array([one.wrong for one in known], float)
    value, size = _stratified(captured, confirmed, wrong)
    low, high = wilson(value * size, size)
    return SoftLabelErrors(
        phrases=by_phrase,
        rate=StratifiedRate(
            value=round(value, _DIGITS),
            low=min(round(low, _DIGITS), round(value, _DIGITS)),
            high=max(round(high, _DIGITS), round(value, _DIGITS)),
            confirmed=int(confirmed.sum()),
        ),
        left=_left_of_all(np.array([one.left for one in known], float), confirmed, wrong),
        unknown=unknown,
    )


def _stratified(
    studies: npt.NDArray[np.float64], confirmed: npt.NDArray[np.float64], wrong: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """The rate where each phrase weighs as many `studies`, and the number n* of independent studies that say as much."""
    weights = studies / studies.sum()
    return min(float(weights @ (wrong / confirmed)), 1.0), float(1 / (weights**2 / confirmed).sum())


def _left_of_all(
    left: npt.NDArray[np.float64], confirmed: npt.NDArray[np.float64], wrong: npt.NDArray[np.float64]
) -> Left:
    studies = int(left.sum())
    if not studies:
        return Left(studies=0, wrong=0, low=0, high=0)
    value, size = _stratified(left, confirmed, wrong)
    return _left(studies, studies * value, value * size, size)


def _phrase_error(counts: PhraseCounts) -> PhraseError:
    if not counts.confirmed:
        return PhraseError(counts=counts, rate=None, left=None)
    found = rate(counts.wrong, counts.confirmed)
    return PhraseError(
        counts=counts,
        rate=found,
        left=_left(counts.left, counts.left * counts.wrong / counts.confirmed, counts.wrong, counts.confirmed),
    )


def _left(studies: int, expected: float, wrong: float, confirmed: float) -> Left:
    low, high = predicted(studies, wrong, confirmed)
    wrong_left = round(expected, 1)
    return Left(
        studies=studies, wrong=wrong_left, low=min(low, math.floor(wrong_left)), high=max(high, math.ceil(wrong_left))
    )


def predicted(studies: int, wrong: float, confirmed: float) -> tuple[int, int]:
    """The 95 % prediction interval of the number of wrong ones among `studies`, after `wrong` of `confirmed` were."""
    # P(k + 1) / P(k) of the beta-binomial distribution; sums of logarithms, as the probabilities underflow.
    k = np.arange(studies, dtype=float)
    a, b = wrong + 0.5, max(confirmed - wrong, 0.0) + 0.5
    ratios = np.log((studies - k) * (a + k)) - np.log((k + 1) * (b + studies - k - 1))
    logs = np.concatenate([[0.0], np.cumsum(ratios)])
    below = np.cumsum(np.exp(logs - logs.max()))
    below /= below[-1]
    return int(np.searchsorted(below, _TAIL, side="right")), int(np.searchsorted(below, 1 - _TAIL))
