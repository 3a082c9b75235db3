"""Months, weeks and days by UTC, over which a report is made.

By UTC, as all months of what is published: two reports of one site then mean the same days wherever they are made.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


class Grain(enum.StrEnum):
    """How long a period is; weeks begin on Mondays (ISO 8601)."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"


SHOWN: Mapping[Grain, int] = {Grain.MONTH: 13, Grain.WEEK: 13, Grain.DAY: 31}
"""How many periods of each length a report has at most, the running one included."""


@dataclass(frozen=True)
class Period:
    """The days from `first` to the one before `end`."""

    grain: Grain
    first: date
    end: date

    @property
    def name(self) -> str:
        """As "2026-11", "2026-W48" or "2026-11-26"."""
        if self.grain is Grain.MONTH:
            return f"{self.first:%Y-%m}"
        return f"{self.first:%G-W%V}" if self.grain is Grain.WEEK else f"{self.first:%Y-%m-%d}"

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.end, time(), UTC)

    def __contains__(self, moment: datetime) -> bool:
        return self.begins_at <= moment < self.ends_at


def periods(grain: Grain, now: datetime) -> tuple[Period, ...]:
    """The periods that a report made at `now` has, the running one last."""
    first = _first_day(grain, now.astimezone(UTC).date())
    found = [Period(grain, first, _next(grain, first))]
    while len(found) < SHOWN[grain]:
        end = found[-1].first
        found.append(Period(grain, _first_day(grain, end - _DAY), end))
    return tuple(reversed(found))


def _first_day(grain: Grain, day: date) -> date:
    if grain is Grain.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if grain is Grain.WEEK else day


def _next(grain: Grain, first: date) -> date:
    if grain is Grain.MONTH:
        return _first_day(grain, first + timedelta(days=31))
    return first + (_WEEK if grain is Grain.WEEK else _DAY)
