"""Whether a labeler began to err more often, told from their gold answers in order.

Two views. *Windows* of twenty answers, each with its share of right ones, are for the eye. The verdict is a Bernoulli CUSUM
[Reynolds and Stoumbos 1999, J Qual Technol 31:87–108; Steiner et al. 2000, Biostatistics 1:441–452, for surgeons]: a
score that each wrong answer raises by `up` and each right one lowers by 1, never below 0; at `limit` it says that the labeler
changed, since the answer after the last 0. `up` is the whole number nearest to what tells an error rate of `accepted` from
one of `worse` best. `limit` is the smallest with which a labeler who errs at the accepted rate reaches it within `horizon`
answers no more often than `false_alarms`: computed exactly, as the score is a Markov chain on whole numbers.

The accepted rate is the fellow's, not the labeler's own: an own rate would be estimated from a few answers, and a test against it
takes luck in these for change. So a labeler who always erred at 12 of 100 is found too; where fewer than ten answers stand
before, it is said to have been so from the start.

Answers are judged from the first: after a talk with the labeler the caller hands in those since then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache

import numpy as np
from pydantic import Field

from ccds_kernel.labeling.assessment.estimate import Value
from ccds_kernel.rate import Rate, rate

WINDOW = 20
"""Answers of one window, and as few as the verdict that nothing changed takes."""

BEFORE = 10
"""With fewer answers before a change there is nothing that it could be a change from."""


class State(StrEnum):
    """What the answers say."""

    TOO_FEW = "too_few"
    NO_SIGN = "no_sign_of_change"
    CHANGED = "changed"
    FROM_THE_START = "worse_from_the_start"


class Window(Value):
    """Consecutive gold answers, from the first's time to the last's, and how many of them are right."""

    first: datetime
    last: datetime
    right: Rate


class Drift(Value):
    """The verdict: `since` is the time of the first answer of the change, `before` how many answers came before it.

    `accepted`, `worse`, `false_alarms` and `horizon` are those of the `Cusum` that was asked.
    """

    state: State
    since: datetime | None
    before: int | None
    answers: int
    windows: tuple[Window, ...]
    accepted: float
    worse: float
    false_alarms: float
    horizon: int = Field(ge=1)


@dataclass(frozen=True)
class Cusum:
    """The test of one labeler.

    Args:
        accepted: share of wrong gold answers that is accepted.
        worse: share that is to be found soon; above `accepted`.
        false_alarms: share of labelers at the accepted rate who are called changed within `horizon` answers, at most.
        horizon: answers.

    Raises:
        ValueError: a share isn't between 0 and 1, the shares are out of order, or the horizon isn't positive.
    """

    accepted: float = 0.05
    worse: float = 0.15
    false_alarms: float = 0.05
    horizon: int = 200

    def __post_init__(self) -> None:
        if not (0 < self.accepted < self.worse < 1 and 0 < self.false_alarms < 1 and self.horizon > 0):
            raise ValueError("0 < accepted < worse < 1, 0 < false_alarms < 1, horizon > 0")

    @cached_property
    def up(self) -> int:
        """What a wrong answer adds; a right one takes 1."""
        right = math.log((1 - self.accepted) / (1 - self.worse))
        wrong = math.log(self.worse / self.accepted)
        return max(1, round(wrong / right))

    @property
    def limit(self) -> int:
        """The score at which the labeler is said to have changed."""
        return _limit(self.accepted, self.up, self.horizon, self.false_alarms)

    def alarm(self, right: Sequence[bool]) -> int | None:
        """The place in `right` at which the change begins; None where there is no sign of one."""
        score, start = 0, 0
        for at, one in enumerate(right):
            score = max(0, score - 1) if one else score + self.up
            if score >= self.limit:
                return start
            if score == 0:
                start = at + 1
        return None


def drift(answers: Sequence[tuple[datetime, bool]], cusum: Cusum | None = None) -> Drift:
    """The verdict about gold answers, each with its time and whether it was right, in order of time; by default `Cusum()`."""
    cusum = cusum or Cusum()
    begins = cusum.alarm([right for _, right in answers])
    if begins is not None:
        state = State.CHANGED if begins >= BEFORE else State.FROM_THE_START
    else:
        state = State.NO_SIGN if len(answers) >= WINDOW else State.TOO_FEW
    return Drift(
        state=state,
        since=None if begins is None else answers[begins][0],
        before=begins,
        answers=len(answers),
        windows=tuple(_window(answers[at : at + WINDOW]) for at in range(0, len(answers), WINDOW)),
        accepted=cusum.accepted,
        worse=cusum.worse,
        false_alarms=cusum.false_alarms,
        horizon=cusum.horizon,
    )


def chance_of_alarm(wrong: float, up: int, limit: int, answers: int) -> float:
    """How probable it is that the score reaches `limit` within `answers`, each wrong with probability `wrong`."""
    at = np.zeros(limit)
    at[0] = 1.0
    reached = 0.0
    for _ in range(answers):
        reached += wrong * float(at[max(0, limit - up) :].sum())
        after = np.zeros(limit)
        after[up:] = wrong * at[: max(0, limit - up)]
        after[0] += (1 - wrong) * at[0]
        after[: limit - 1] += (1 - wrong) * at[1:]
        at = after
    return reached


@lru_cache(maxsize=64)
def _limit(accepted: float, up: int, horizon: int, false_alarms: float) -> int:
    low, high = 0, 1  # the chance is too large with `low`, which isn't a limit, and small enough with `high`
    while chance_of_alarm(accepted, up, high, horizon) > false_alarms:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if chance_of_alarm(accepted, up, middle, horizon) > false_alarms:
            low = middle
        else:
            high = middle
    return high


def _window(answers: Sequence[tuple[datetime, bool]]) -> Window:
    return Window(
        first=answers[0][0], last=answers[-1][0], right=rate(sum(right for _, right in answers), len(answers))
    )
