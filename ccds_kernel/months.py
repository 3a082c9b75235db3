"""Calendar months by UTC, as their names ("2024-09"), and consecutive ones together.

Names rather than pairs of numbers: they sort as they should, and are what is published and shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]

GRACE = timedelta(days=7)
"""How long after its end a month's rows may still be loaded."""


class Span(BaseModel):
    """Consecutive months; `first` and `last` are the same for one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    first: Month
    last: Month

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first} to {self.last}"

    def __contains__(self, month: str) -> bool:
        return self.first <= month <= self.last

    @property
    def months(self) -> tuple[str, ...]:
        """Each of them."""
        return tuple(_name(number) for number in range(index(self.first), index(self.last) + 1))


def month_of(time: datetime) -> str:
    """The month of `time`, which is in UTC."""
    return _name(12 * time.year + time.month - 1)


def running(now: datetime) -> str:
    """The first month that isn't over at `now`, in UTC: a month is over `GRACE` after its end."""
    return month_of(now - GRACE)


def index(month: str) -> int:
    """The number of a month: consecutive ones have consecutive numbers."""
    year, number = month.split("-")
    return 12 * int(year) + int(number) - 1


def _name(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
