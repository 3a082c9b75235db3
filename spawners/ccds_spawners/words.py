"""What a person reads while their session starts: what the scheduler says, nothing guessed."""

from __future__ import annotations

from ccds_kernel.batch.states import Explanation, JobState, JobStatus


def progress_words(status: JobStatus, why: Explanation | None) -> str:
    """One line about a session that isn't up; `why` is the scheduler's explanation of a waiting job, None without one."""
    if status.state is JobState.RUNNING:
        return f"starting on {status.node}"
    if status.state is not JobState.PENDING:
        return f"{status.state}: {status.reason or 'the scheduler says no more'}"
    if why is None:
        return "waiting; the scheduler hasn't said for what"
    place = f"place {why.position} in the queue: " if why.position else ""
    start = why.estimated_start
    estimate = f"; start expected at {start.astimezone():%H:%M}" if start else "; start not known"
    return f"{place}{why.reason}{estimate}"
