"""How long a labeler takes for a study.

Median and quartiles, because a few long studies say nothing about the pace. A study that stayed on the screen for more than
five minutes is a pause, not work: reading one report takes seconds to two minutes; it is counted apart and left out. The
median's interval is by order statistics: the two times of which binomial probability says that the median lies between
them in at least 95 of 100 samples, whatever the distribution [Conover 1999, Practical Nonparametric Statistics, 3rd
edition, section 3.2]; it takes six studies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from pydantic import Field

from ccds_kernel.labeling.assessment.estimate import Value

PAUSE_SECONDS = 300.0
"""A study that was longer on the screen was left open in a pause."""

_TAIL = 0.025


class Pace(Value):
    """Seconds for a study: median with its 95 % interval (None from fewer than six), and the quartiles around it."""

    median: float = Field(ge=0)
    low: float | None
    high: float | None
    lower_quartile: float
    upper_quartile: float
    studies: int = Field(ge=1)
    pauses: int = Field(ge=0)


def pace(seconds: Iterable[float]) -> Pace | None:
    """The pace from the seconds that each study was on the screen; None where all are pauses, or there are none."""
    given = np.sort(np.fromiter(seconds, np.float64))
    work = given[given <= PAUSE_SECONDS]
    if not len(work):
        return None
    lower, median, upper = np.quantile(work, (0.25, 0.5, 0.75))
    rank = _rank(len(work))
    return Pace(
        median=round(float(median), 3),
        low=round(float(work[rank - 1]), 3) if rank else None,
        high=round(float(work[-rank]), 3) if rank else None,
        lower_quartile=round(float(lower), 3),
        upper_quartile=round(float(upper), 3),
        studies=len(work),
        pauses=len(given) - len(work),
    )


def _rank(count: int) -> int:
    """The largest rank, from 1, below which the median lies with a probability of at most 2.5 %; 0 where there is none."""
    steps = np.arange(1, count + 1)
    log_ways = np.concatenate([[0.0], np.cumsum(np.log((count + 1 - steps) / steps))])
    below = np.cumsum(np.exp(log_ways - count * math.log(2)))
    return int(np.searchsorted(below, _TAIL, side="right"))
