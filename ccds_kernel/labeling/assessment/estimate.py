"""A statistic with its 95 % interval, or the plain statement that it isn't defined and why.

Every coefficient of agreement has the form (observed - chance) / (1 - chance). Its interval is Wilson's, taken on the observed
agreement, for a sample of as many independent studies as would be as uncertain as the coefficient is: n* = a(1-a) / s², a the
observed agreement and s the standard error brought to its scale, s = standard error × (1 - chance); the same idea as Korn and
Graubard's for survey proportions [1998, Surv Methodol 24:193–201]. Where all agree, or nobody does, the standard error is 0
and n* is the number of studies. The ends are brought back with chance as it was observed.

Chosen by coverage (`benchmarks/agreement_intervals.py`, 500 samples of each kind, seed 2026): these intervals hold the true
value in 91 to 99 of 100 samples. The textbook's, ± 1.96 standard errors, do in 74 to 96, worst with a rare label and few studies,
and shrink to a point where all agree; so does the bootstrap over studies, which was rejected for that. For kappa and alpha n* is
at most the number of studies: where few studies have the label their standard error is far too small as often as people
happen to agree on these few.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ccds_kernel.rate import wilson

_DIGITS = 6
_NOTHING = 1e-12  # a standard error below it is rounding


class Value(BaseModel):
    """What all that is shown of an assessment has in common: frozen, checked, ready for JSON by `model_dump(mode="json")`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Estimate(Value):
    """A statistic, the ends of its 95 % interval, its standard error, and the number of studies that it is taken from."""

    kind: Literal["estimate"] = "estimate"
    value: float
    low: float
    high: float
    standard_error: float = Field(ge=0)
    studies: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.value <= self.high <= 1:
            raise ValueError("a statistic lies within its interval, and that ends at 1")
        return self


class Why(StrEnum):
    """Why a statistic isn't defined."""

    NO_OVERLAP = "no_overlap"
    """No study was rated by two of them."""
    ONE_STUDY = "one_study"
    """A single study was: nothing tells chance from agreement."""
    ONE_CATEGORY = "one_category"
    """Everybody gave the same answer always, so that chance alone explains all agreement."""
    NEVER_GIVEN = "never_given"
    """Nobody gave the label, or nobody left it out, in a study that two of them rated."""


class NotDefined(Value):
    """No number, why, and the number of studies that were rated by two."""

    kind: Literal["not_defined"] = "not_defined"
    why: Why
    studies: int = Field(ge=0)


Statistic = Annotated[Estimate | NotDefined, Field(discriminator="kind")]


def share(value: float, error: float, studies: int) -> Estimate:
    """A share from 0 to 1 with standard error `error`, taken from `studies` that needn't be independent draws of 0 or 1."""
    low, high = _wilson(value, error, studies, at_most=None)
    return _estimate(value, low, high, error, studies)


def corrected(observed: float, chance: float, error: float, studies: int, *, capped: bool) -> Estimate:
    """A coefficient corrected for chance.

    Args:
        observed: the observed agreement, 0 to 1.
        chance: the agreement by chance, 0 to below 1.
        error: the standard error of the coefficient.
        studies: what it is taken from.
        capped: whether the interval is at least as wide as that of `studies` independent agreements.
    """
    low, high = _wilson(observed, error * (1 - chance), studies, at_most=studies if capped else None)
    value, low, high = ((one - chance) / (1 - chance) for one in (observed, low, high))
    return _estimate(value, low, high, error, studies)


def specific(value: float, error: float, studies: int) -> Estimate:
    """Positive or negative agreement, by way of t = value / (2 - value).

    With two labelers t is the share of studies with the answer of both among those with the answer of at least one: a plain
    proportion, for which Wilson's interval is made [Graham and Bull 1998, J Clin Epidemiol 51:763–771, compare intervals].
    """
    low, high = _wilson(value / (2 - value), error * 2 / (2 - value) ** 2, studies, at_most=None)
    return _estimate(value, 2 * low / (1 + low), 2 * high / (1 + high), error, studies)


def _wilson(value: float, error: float, studies: int, at_most: int | None) -> tuple[float, float]:
    value = min(max(value, 0.0), 1.0)
    spread = value * (1 - value)
    size = spread / error**2 if error > _NOTHING and spread > _NOTHING else float(studies)
    if at_most is not None:
        size = min(size, at_most)
    return wilson(value * size, size)


def _estimate(value: float, low: float, high: float, error: float, studies: int) -> Estimate:
    # Rounding may carry an end past the value by a hair. Below -1 there is nothing to tell apart; only where chance is taken from
    # other studies than agreement is a value there.
    value = round(value, _DIGITS)
    return Estimate(
        value=value,
        low=min(max(round(low, _DIGITS), -1.0), value),
        high=max(min(round(high, _DIGITS), 1.0), value),
        standard_error=round(error, _DIGITS),
        studies=studies,
    )
