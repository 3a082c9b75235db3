"""What a person reads while their session waits: the scheduler's word, nothing guessed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobId, JobState, JobStatus
from ccds_spawners.watch import Known
from ccds_spawners.words import progress_words

BOSTON = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 26, 22, 30, tzinfo=BOSTON)
LATER = datetime(2026, 11, 27, 4, 5, tzinfo=UTC)  # 23:05 on the same evening in Boston
TOMORROW = LATER + timedelta(hours=1)


def status(state: JobState, **more: object) -> JobStatus:
    """A job in that state."""
    return JobStatus(id=JobId("7"), state=state, **more)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (None, "waiting; the scheduler hasn't said for what"),
        (
            Explanation(reason="waiting for 2 GPUs", position=3, estimated_start=LATER),
            "place 3 in the queue: waiting for 2 GPUs; start expected at 23:05",
        ),
        (
            Explanation(reason="waiting for 2 GPUs", estimated_start=TOMORROW),
            "waiting for 2 GPUs; start expected at 00:05 on Friday, 27 November",
        ),
        (
            Explanation(reason="others come first", said="Priority"),
            "others come first (the scheduler's words: Priority); start not known",
        ),
        (Explanation(reason=UNKNOWN_REASON), "waiting; the scheduler doesn't say for what; start not known"),
    ],
)
def test_a_session_that_waits(why: Explanation | None, words: str) -> None:
    """Its place, the reason, the start in the site's time zone, with the date where that isn't today."""
    assert progress_words(status(JobState.PENDING), why, None, NOW) == words


@pytest.mark.parametrize(
    ("one", "known", "words"),
    [
        (status(JobState.RUNNING, node="gpu7"), None, "starting on gpu7"),
        (
            status(JobState.SUSPENDED, node="gpu7"),
            None,
            "suspended: the scheduler, or an administrator, has stopped it for now; it goes on where it was",
        ),
        (
            status(JobState.UNKNOWN, reason="the scheduler doesn't answer"),
            Known(status(JobState.PENDING), NOW - timedelta(minutes=12)),
            "the scheduler doesn't answer; last known: waiting at 22:18",
        ),
        (
            status(JobState.UNKNOWN, reason="the scheduler doesn't answer"),
            None,
            "unknown: the scheduler doesn't answer",
        ),
        (status(JobState.FAILED, reason="exit code 1"), None, "failed: exit code 1"),
    ],
)
def test_a_session_that_does_not_wait(one: JobStatus, known: Known | None, words: str) -> None:
    """Suspended is said, and where the scheduler is silent, what it said last and when."""
    assert progress_words(one, None, known, NOW) == words
