"""Ends a session's job: asks for it until the scheduler has heard, waits until it says that the job has ended, and says how."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.errors import CcdsError
from ccds_spawners.watch import JobWatch

AGAIN_S = 60.0
"""Far more than a job takes to end that was told to."""

_LOOK_S = 0.1
_SLACK = timedelta(seconds=5)
_MEANS = {
    "its wall time is over": HowEnded.WALL_TIME,
    "it gave way to other work": HowEnded.PREEMPTED,
    "its node failed": HowEnded.NODE_LOST,
    "lost in a restart of the machine": HowEnded.NODE_LOST,
}
"""What our schedulers say of a job that ended so."""

_WORDS = {
    HowEnded.BY_ITSELF: "by itself",
    HowEnded.NOT_STARTED: "before it was up",
    HowEnded.CANCELLED: "it was called off",
    HowEnded.STOPPED: "it was stopped",
    HowEnded.WALL_TIME: "its wall time was over",
    HowEnded.IDLE: "nobody used it",
    HowEnded.PREEMPTED: "its node was taken for somebody else",
    HowEnded.NODE_LOST: "its node went away",
    HowEnded.REVOKED: "its person may not have it any more",
    HowEnded.UNKNOWN: "nobody knows how",
}


async def end_job(
    job: JobId,
    cancel: Callable[[JobId], Awaitable[None]],
    watch: JobWatch,
    unheard: Callable[[CcdsError], None],
    again_s: float = AGAIN_S,
) -> None:
    """Cancels `job` and returns when it has ended, however long that takes.

    Args:
        job: the job; one that the scheduler never accepted, or forgot with its end, has ended.
        cancel: asks for its end, see the Scheduler port.
        watch: whom the end is asked of; it is forgotten there.
        unheard: is called, once, when the scheduler doesn't answer, or won't; it is asked again.
        again_s: seconds after which a job that still lives is cancelled again: a scheduler that died had heard, and forgot it;
            what it refused may be put right.
    """
    told = False
    while True:
        try:
            await cancel(job)
        except UnknownJobError:
            break
        except (SchedulerUnavailableError, JobRefusedError) as error:
            if not told:
                unheard(error)
            told = True
            if isinstance(error, SchedulerUnavailableError):
                await asyncio.sleep(watch.tick)
                continue
        if await _has_ended(job, watch, again_s):
            break
    watch.forget(job)


async def _has_ended(job: JobId, watch: JobWatch, seconds: float) -> bool:
    """Whether the scheduler says within that time that it has."""
    over = time.monotonic() + seconds
    while not (await watch.status(job)).state.ended:
        if time.monotonic() > over:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


def how_ended(status: JobStatus, *, up: bool) -> HowEnded:
    """How a session ended that the hub didn't end, from the scheduler's last word about its job; `up`: it had been.

    What the scheduler doesn't say is not guessed: an end at the very moment when the wall time was over is its end, though.
    """
    if status.state is JobState.CANCELLED:
        return HowEnded.STOPPED if up else HowEnded.CANCELLED
    if status.ended and status.wall_ends and status.ended >= status.wall_ends - _SLACK:
        return HowEnded.WALL_TIME
    return _MEANS.get(status.reason or "") or (HowEnded.BY_ITSELF if up else HowEnded.NOT_STARTED)


def ended_words(how: HowEnded, said: str) -> str:
    """How a session ended, as the audit log says it; `said` is what the scheduler says of it."""
    return f"{_WORDS[how]}: {said}" if said else _WORDS[how]
