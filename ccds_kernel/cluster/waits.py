"""How long nodes were waited for, of those that were asked for in a period: none is left out.

Each node that was asked for is one of three: it *came* (its wait is from its submission to its start), it is *waiting* still, or
it was *called off* or refused before it came. Median and percentile are over those that came; the longest wait that lasts
stands beside them, since without it a queue that lets nobody through would look like a fast one. A node counts in the class
in which it was asked for: who waits for a further node doesn't get it faster in the figures because it was promoted.

The median comes with its 95 % interval, from the order of the waits alone: the k-th shortest to the k-th longest, k the largest
for which fewer than k of n waits lie on one side of the true median in at most 2.5 % of samples [Conover 1999, Practical
Nonparametric Statistics, section 3.2]. It needs six waits. The 95th percentile is the wait that at least 95 % don't exceed
(nearest rank), and needs twenty: below that it is the longest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from ccds_kernel.cluster.record import SessionRecord

ENOUGH_FOR_P95 = 20
ENOUGH_FOR_INTERVAL = 6
"""The fewest waits of which all lie on one side of the true median in at most 2.5 % of samples: 1/2⁶ is 1.6 %."""


class Waits(BaseModel):
    """The waits of one class; all lengths in seconds, None where there are too few to say.

    Attributes:
        came: how many nodes came.
        median_s: half of these came so fast.
        low_s: the lower end of the median's 95 % interval.
        high_s: its upper end.
        p95_s: 95 of 100 came so fast.
        longest_s: the longest of those that came.
        waiting: how many are waited for still.
        waiting_s: the longest of these, so far.
        called_off: how many ended before they came.
        called_off_s: the longest of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    came: int = Field(0, ge=0)
    median_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    p95_s: float | None = None
    longest_s: float | None = None
    waiting: int = Field(0, ge=0)
    waiting_s: float | None = None
    called_off: int = Field(0, ge=0)
    called_off_s: float | None = None

    @property
    def asked(self) -> int:
        """How many nodes were asked for."""
        return self.came + self.waiting + self.called_off


def waits_of(records: Sequence[SessionRecord], now: datetime) -> Waits:
    """The waits of `records`, which were all asked for in one period and class, as known at `now`."""
    came = sorted(_seconds(one, one.started) for one in records if one.started)
    lasting = [_seconds(one, now) for one in records if one.started is None and one.ended is None]
    called_off = [_seconds(one, one.ended) for one in records if one.started is None and one.ended]
    low, high = median_interval(came)
    return Waits(
        came=len(came),
        median_s=median(came) if came else None,
        low_s=low,
        high_s=high,
        p95_s=came[math.ceil(0.95 * len(came)) - 1] if len(came) >= ENOUGH_FOR_P95 else None,
        longest_s=came[-1] if came else None,
        waiting=len(lasting),
        waiting_s=max(lasting, default=None),
        called_off=len(called_off),
        called_off_s=max(called_off, default=None),
    )


def median_interval(ordered: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of the median of `ordered`, shortest first; none where they are too few."""
    count, rank = len(ordered), 0
    fewer = term = 1  # of 2^count samples those in which at most `rank` waits lie below the true median
    while 40 * fewer <= 2**count:
        rank += 1
        term = term * (count - rank + 1) // rank
        fewer += term
    return (ordered[rank - 1], ordered[count - rank]) if rank else (None, None)


def _seconds(record: SessionRecord, until: datetime) -> float:
    return round(max(0.0, (until - record.submitted).total_seconds()), 3)
