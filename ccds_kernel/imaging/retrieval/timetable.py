"""When how much is fetched at once: a weekly timetable, so that the archive has its clinical hours for itself. Pure.

By the clock of this machine, as the hospital's people read it. Days on which clocks are set are an hour off for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ccds_kernel.settings import ArchiveSettings, HoursSettings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Pace:
    """How much is fetched.

    Attributes:
        threads: studies at once; 0: none.
        bytes_per_s: all together; None: as fast as it goes.
    """

    threads: int
    bytes_per_s: float | None


def pace_at(settings: ArchiveSettings, moment: datetime) -> Pace:
    """The pace at `moment`, in the machine's time."""
    found = next((hours for hours in settings.timetable if _fits(hours, moment)), settings)
    return Pace(found.threads, None if found.mb_per_second is None else found.mb_per_second * 1e6)


def next_change(settings: ArchiveSettings, moment: datetime) -> datetime | None:
    """The first moment after `moment` at which the pace is another one; None where it never is."""
    now = pace_at(settings, moment)
    edges = {edge for hours in settings.timetable for edge in (hours.begin, hours.end)} | {time.min}
    for day in range(8):
        date = moment.date() + timedelta(days=day)
        for edge in sorted(edges):
            later = datetime.combine(date, edge, moment.tzinfo)
            if later > moment and pace_at(settings, later) != now:
                return later
    return None


def _fits(hours: HoursSettings, moment: datetime) -> bool:
    clock = moment.time()
    return (
        _DAYS[moment.weekday()] in hours.days and hours.begin <= clock and (hours.end == time.min or clock < hours.end)
    )
