"""How a session's job is ended, and how it is said to have ended."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.cluster.record import HowEnded
from ccds_spawners.ending import end_job, ended_words, how_ended
from ccds_spawners.watch import JobWatch

JOB = JobId("7")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def ended(state: JobState = JobState.FAILED, reason: str | None = None, wall_ends: datetime | None = None) -> JobStatus:
    """A job that has ended now."""
    return JobStatus(id=JOB, state=state, reason=reason, ended=NOW, wall_ends=wall_ends)


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (ended(JobState.SUCCEEDED), HowEnded.BY_ITSELF),
        (ended(reason="exit code 1"), HowEnded.BY_ITSELF),
        (ended(JobState.CANCELLED), HowEnded.STOPPED),
        (ended(reason="its wall time is over"), HowEnded.WALL_TIME),
        (ended(JobState.FAILED, "killed by signal 9", NOW + timedelta(seconds=1)), HowEnded.WALL_TIME),
        (ended(JobState.FAILED, "killed by signal 9", NOW + timedelta(hours=1)), HowEnded.BY_ITSELF),
        (ended(reason="it gave way to other work"), HowEnded.PREEMPTED),
        (ended(reason="its node failed"), HowEnded.NODE_LOST),
        (ended(reason="lost in a restart of the machine"), HowEnded.NODE_LOST),
    ],
)
def test_how_a_session_ended_that_was_up(status: JobStatus, how: HowEnded) -> None:
    """By the scheduler's last word, and by no guess."""
    assert how_ended(status, up=True) is how


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (ended(reason="exit code 1"), HowEnded.NOT_STARTED),
        (ended(JobState.CANCELLED), HowEnded.CANCELLED),
        (ended(reason="its node failed"), HowEnded.NODE_LOST),
    ],
)
def test_how_a_session_ended_that_never_was_up(status: JobStatus, how: HowEnded) -> None:
    """It wasn't started, or was called off."""
    assert how_ended(status, up=False) is how


def test_every_end_has_its_words() -> None:
    """Each its own; what the scheduler says follows."""
    assert len({ended_words(how, "") for how in HowEnded}) == len(HowEnded)
    assert ended_words(HowEnded.BY_ITSELF, "exit code 1") == "by itself: exit code 1"


class Deaf:
    """A scheduler that doesn't hear the first cancels, and ends the job some looks after the one that it hears."""

    def __init__(self, deaf: int, looks: int = 2, unknown: bool = False) -> None:
        self.deaf, self.looks, self.unknown = deaf, looks, unknown
        self.cancels = 0

    async def cancel(self, job: JobId) -> None:
        """Heard, or not."""
        self.cancels += 1
        if self.cancels <= self.deaf:
            raise SchedulerUnavailableError(expected="an answer", found="none", do="wait")
        if self.unknown:
            raise UnknownJobError(expected="a job", found=job, do="see the list")

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """Alive for some looks."""
        self.looks -= 1
        return {job: ended(JobState.CANCELLED if self.looks < 0 else JobState.RUNNING) for job in ids}


@pytest.mark.parametrize("unknown", [False, True])
def test_a_scheduler_that_does_not_hear_is_asked_until_it_does(unknown: bool) -> None:
    """That is told once; a job that it doesn't know has ended."""
    scheduler, told = Deaf(deaf=3, unknown=unknown), []

    asyncio.run(end_job(JOB, scheduler.cancel, JobWatch(scheduler, tick=0.01), told.append))

    assert (scheduler.cancels, [type(why) for why in told]) == (4, [SchedulerUnavailableError])


class Refuser:
    """A scheduler that won't end a job some times, and knows of no end until it has."""

    def __init__(self, refuses: int) -> None:
        self.cancels, self.refuses = 0, refuses

    async def cancel(self, _job: JobId) -> None:
        """No, or yes."""
        self.cancels += 1
        if self.cancels <= self.refuses:
            raise JobRefusedError(expected="one's own job", found="another's", do="nothing")

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """It runs until its end was agreed to."""
        state = JobState.RUNNING if self.cancels <= self.refuses else JobState.CANCELLED
        return {job: ended(state) for job in ids}


def test_a_scheduler_that_refuses_ends_nothing_and_is_asked_again() -> None:
    """That is told once; the job lives until it really has ended."""
    scheduler, told = Refuser(refuses=2), []

    asyncio.run(end_job(JOB, scheduler.cancel, JobWatch(scheduler, tick=0.01), told.append, again_s=0.05))

    assert (scheduler.cancels, [type(why) for why in told]) == (3, [JobRefusedError])


def test_it_waits_for_the_end() -> None:
    """Not for the cancel: a job that is being ended lives."""
    scheduler = Deaf(deaf=0, looks=3)

    asyncio.run(end_job(JOB, scheduler.cancel, JobWatch(scheduler, tick=0.01), lambda _why: None))

    assert scheduler.looks == -1


class Forgetful:
    """A scheduler that died after it had heard, and has forgotten all but the last cancel."""

    def __init__(self, forgets: int) -> None:
        self.cancels, self.forgets = 0, forgets

    async def cancel(self, _job: JobId) -> None:
        """Heard."""
        self.cancels += 1

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """As if nothing had been said."""
        state = JobState.RUNNING if self.cancels <= self.forgets else JobState.CANCELLED
        return {job: ended(state) for job in ids}


def test_a_scheduler_that_forgot_is_told_again() -> None:
    """A job that still lives a while after its cancel is cancelled again, until it has ended."""
    scheduler = Forgetful(forgets=2)

    asyncio.run(end_job(JOB, scheduler.cancel, JobWatch(scheduler, tick=0.01), lambda _why: None, again_s=0.05))

    assert scheduler.cancels >= 3


def test_one_that_ends_is_told_once() -> None:
    """However long that takes, short of what is far too long."""
    scheduler = Deaf(deaf=0, looks=5)

    asyncio.run(end_job(JOB, scheduler.cancel, JobWatch(scheduler, tick=0.01), lambda _why: None))

    assert scheduler.cancels == 1
