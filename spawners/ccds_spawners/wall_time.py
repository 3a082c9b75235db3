"""A session's hours: the notice before they are over, and how far they may be extended. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ccds_kernel.batch.spec import are_wall_minutes
from ccds_kernel.batch.states import JobState, JobStatus
from ccds_kernel.errors import CcdsError
from ccds_spawners.card_words import duration_words
from ccds_spawners.words import at_words

NOTICES = (timedelta(minutes=5), timedelta(minutes=30))
"""How long before its end a session's people are told of it."""


class ExtensionError(CcdsError):
    """A session that can't be extended, or not by that much."""


@dataclass(frozen=True)
class WallNotice:
    """That a session ends at `ends` (aware), told when `left` (one of NOTICES) or less was left of it.

    Attributes:
        more: minutes by which its people may extend it still.
    """

    ends: datetime
    left: timedelta
    more: int = 0

    def words(self, now: datetime) -> str:
        """The line that its people read; `now` has the site's time zone."""
        minutes = int(self.left.total_seconds() // 60)
        extend = (
            f", or extend the session on the hub's home page: by {duration_words(timedelta(minutes=self.more))} at most"
            if self.more
            else ""
        )
        return (
            f"This session ends at {at_words(self.ends, now)}, in less than {minutes} minutes: its hours are over then. Save "
            f"your work{extend}."
        )


def wall_notice(status: JobStatus, now: datetime, longest_hours: int) -> WallNotice | None:
    """What a session's people have to be told of its end now; None while that is further away, or isn't known.

    Args:
        status: its job.
        now: an aware time.
        longest_hours: the most that it may be extended to; 0 where it can't be.
    """
    if status.wall_ends is None or status.state not in {JobState.RUNNING, JobState.SUSPENDED}:
        return None
    left = status.wall_ends - now
    due = next((notice for notice in NOTICES if left <= notice), None)
    return WallNotice(status.wall_ends, due, _more(status, status.wall_ends, longest_hours)) if due else None


def latest_end(started: datetime, longest_hours: int) -> datetime:
    """Until when a session that started then may be extended."""
    return started + timedelta(hours=longest_hours)


def _more(status: JobStatus, ends: datetime, longest_hours: int) -> int:
    """Whole minutes by which a session that ends then may be extended."""
    if not (status.started and longest_hours):
        return 0
    return max(0, int((latest_end(status.started, longest_hours) - ends).total_seconds() // 60))


def check_extension(
    status: JobStatus, ends: datetime | None, minutes: object, longest_hours: int
) -> tuple[float, datetime]:
    """The minutes by which a session is to be extended, and when it ends then.

    Args:
        status: its job.
        ends: when its wall time is over as things stand.
        minutes: what was asked for.
        longest_hours: the site's most; 0 where such a session can't be extended.

    Raises:
        ExtensionError: no such number, never, not while it waits, or beyond the site's most.
    """
    if not longest_hours:
        raise ExtensionError(
            expected="a lab session on the cluster, whose hours can be extended",
            found="another one",
            do="save your work; start it anew once it has ended",
        )
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not are_wall_minutes(minutes):
        raise ExtensionError(
            expected="a whole number of minutes above 0",
            found=type(minutes).__name__,
            do="choose one on the session's card",
        )
    if ends is None or status.started is None or status.state not in {JobState.RUNNING, JobState.SUSPENDED}:
        raise ExtensionError(
            expected="a session whose hours have begun",
            found=f"one that is {status.state}",
            do="extend it while it runs",
        )
    last = latest_end(status.started, longest_hours)
    if ends + timedelta(minutes=minutes) > last:
        left = _more(status, ends, longest_hours)
        raise ExtensionError(
            expected=f"at most {longest_hours} hours in all, which leaves {left} minutes",
            found=f"{minutes} minutes more" if minutes < 10**6 else "far more",
            do="ask for less, or start another session afterwards",
        )
    return float(minutes), ends + timedelta(minutes=minutes)
