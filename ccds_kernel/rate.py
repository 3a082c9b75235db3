"""A rate of counted things with its 95 % Wilson interval.

Wilson's score interval, because it keeps its promise where counts are small or rates near 0 or 1, where the textbook
interval (p ± 1.96 standard errors) becomes too narrow or leaves 0–1 [Wilson 1927, J Am Stat Assoc 22:209–212; Brown, Cai and
DasGupta 2001, Stat Sci 16:101–133].
"""

from __future__ import annotations

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FEW = 30
"""A rate over fewer studies is shown with the remark that its interval is too wide to conclude from."""

Z = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""

_DIGITS = 6


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


def wilson(part: float, whole: float) -> tuple[float, float]:
    """The 95 % Wilson score interval of `part` in `whole` (more than 0), both ends from 0 to 1.

    Neither has to be a whole number: statistics that aren't a share of independent things hand in the size of the sample of
    independent ones that would be as uncertain.

    With p = part/whole: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), n = whole [Wilson 1927, equation 3].
    """
    share = part / whole
    middle = share + Z**2 / (2 * whole)
    half = Z * math.sqrt(share * (1 - share) / whole + Z**2 / (4 * whole**2))
    scale = 1 + Z**2 / whole
    # Where all or none are counted the formula gives exactly 0 or 1, which floating point misses by a hair.
    low = 0.0 if part == 0 else (middle - half) / scale
    high = 1.0 if part == whole else (middle + half) / scale
    return low, high
