"""Rates of counted studies, each with its 95 % Wilson interval.

Wilson's score interval, because it keeps its promise where counts are small or rates near 0 or 1, where the textbook
interval (p ± 1.96 standard errors) becomes too narrow or leaves 0–1 [Wilson 1927, J Am Stat Assoc 22:209–212; Brown, Cai and
DasGupta 2001, Stat Sci 16:101–133].
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FEW = 30
"""A rate over fewer studies is shown with the remark that its interval is too wide to conclude from."""

_Z = 1.959963984540054  # the 97.5th percentile of the standard normal distribution
_DIGITS = 6


class Metric(StrEnum):
    """What is watched: three rates of the alerts against the reports, and two shares of all studies."""

    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    PPV = "ppv"
    PREVALENCE = "prevalence"
    ALERT_RATE = "alert_rate"


class Rate(BaseModel):
    """`part` of `whole` studies, as a share from 0 to 1 with the 95 % interval `low` to `high`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    part: int = Field(ge=0)
    whole: int = Field(ge=1)
    value: float
    low: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not (self.part <= self.whole and 0 <= self.low <= self.value <= self.high <= 1):
            raise ValueError("a rate lies within its interval, and that within 0 to 1")
        return self

    @property
    def is_of_few(self) -> bool:
        """Whether it is taken over too few studies to conclude anything from."""
        return self.whole < FEW


class Counts(BaseModel):
    """Studies by what came of them: alert and positive report (`tp`), alert alone (`fp`), positive report alone (`fn`), neither
    (`tn`); `unmatched` have a report that no phrase matches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tp: int = Field(0, ge=0)
    fp: int = Field(0, ge=0)
    fn: int = Field(0, ge=0)
    tn: int = Field(0, ge=0)
    unmatched: int = Field(0, ge=0)

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in Counts.model_fields})

    @property
    def studies(self) -> int:
        """Those with a label: what the rates are taken over, and what makes a group large enough to be published."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def reported(self) -> int:
        """All of them, with a label or not."""
        return self.studies + self.unmatched

    def rate(self, metric: Metric) -> Rate | None:
        """The rate; None where it would be over no study at all."""
        part, whole = {
            Metric.SENSITIVITY: (self.tp, self.tp + self.fn),
            Metric.SPECIFICITY: (self.tn, self.tn + self.fp),
            Metric.PPV: (self.tp, self.tp + self.fp),
            Metric.PREVALENCE: (self.tp + self.fn, self.studies),
            Metric.ALERT_RATE: (self.tp + self.fp, self.studies),
        }[metric]
        return rate(part, whole) if whole else None


def rate(part: int, whole: int) -> Rate:
    """`part` of `whole` (at least 1) with its 95 % Wilson interval, to six digits."""
    low, high = wilson(part, whole)
    return Rate(
        part=part,
        whole=whole,
        value=round(part / whole, _DIGITS),
        low=round(low, _DIGITS),
        high=round(high, _DIGITS),
    )


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of `part` in `whole` (at least 1), both ends from 0 to 1.

    With p = part/whole: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), n = whole [Wilson 1927, equation 3].
    """
    share = part / whole
    middle = share + _Z**2 / (2 * whole)
    half = _Z * math.sqrt(share * (1 - share) / whole + _Z**2 / (4 * whole**2))
    scale = 1 + _Z**2 / whole
    # Where all or none are counted the formula gives exactly 0 or 1, which floating point misses by a hair.
    low = 0.0 if part == 0 else (middle - half) / scale
    high = 1.0 if part == whole else (middle + half) / scale
    return low, high
