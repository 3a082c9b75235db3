"""What a person reads while their session starts: what the scheduler says, nothing guessed."""

from __future__ import annotations

from datetime import datetime

from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobState, JobStatus
from ccds_spawners.watch import Known


def progress_words(status: JobStatus, why: Explanation | None, known: Known | None, now: datetime) -> str:
    """One line about a session that isn't up.

    Args:
        status: its job now.
        why: the scheduler's explanation of a waiting job; None without one.
        known: the last that the scheduler said, where it says nothing now.
        now: an aware time in the site's time zone, in which all others are told.
    """
    match status.state:
        case JobState.RUNNING:
            return f"starting on {status.node}"
        case JobState.PENDING:
            return _waits(why, now)
        case JobState.UNKNOWN if known:
            return f"the scheduler doesn't answer; last known: {state_word(known.status)} at {at_words(known.at, now)}"
        case JobState.SUSPENDED:
            return "suspended: the scheduler, or an administrator, has stopped it for now; it goes on where it was"
    return f"{status.state}: {status.reason or 'the scheduler says no more'}"


def here() -> datetime:
    """The time now, aware, in the site's time zone."""
    return datetime.now().astimezone()


def state_word(status: JobStatus) -> str:
    """A job's state in the word that people use for it."""
    return {JobState.PENDING: "waiting"}.get(status.state, str(status.state))


def at_words(when: datetime, now: datetime) -> str:
    """A time as people on site say it: the hour, and the date where it isn't today; `now` has the site's time zone."""
    there = when.astimezone(now.tzinfo)
    return f"{there:%H:%M}" if there.date() == now.date() else f"{there:%H:%M on %A, %-d %B}"


def count_words(number: int, unit: str) -> str:
    """`1 core`, `2 cores`; nothing for none."""
    if not number:
        return ""
    return f"1 {unit}" if number == 1 else f"{number} {unit}s"


def _waits(why: Explanation | None, now: datetime) -> str:
    if why is None:
        return "waiting; the scheduler hasn't said for what"
    place = f"place {why.position} in the queue: " if why.position else ""
    reason = "waiting; the scheduler doesn't say for what" if why.reason == UNKNOWN_REASON else why.reason
    said = f" (the scheduler's words: {why.said})" if why.said else ""
    start = f"start expected at {at_words(why.estimated_start, now)}" if why.estimated_start else "start not known"
    return f"{place}{reason}{said}; {start}"
