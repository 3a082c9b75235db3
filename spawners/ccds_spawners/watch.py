"""One question to the scheduler per tick, however many sessions ask about their jobs.

Every session's spawner polls on its own. `JobWatch` answers them all from one shared answer, which it renews when it is
older than a tick: by a single query, in a thread, for every job that anybody asked about lately.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.states import JobId, JobStatus


class JobWatch:
    """Shares status queries between the sessions of one hub.

    For one event loop. Args:
        scheduler: the scheduler to ask.
        tick: seconds that an answer counts as fresh.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, scheduler: Scheduler, tick: float = 0.5, clock: Callable[[], float] = time.monotonic) -> None:
        self._scheduler = scheduler
        self._tick = tick
        self._clock = clock
        self._watched: set[JobId] = set()
        self._answer: Mapping[JobId, JobStatus] = {}
        self._answered = -tick
        self._asking: asyncio.Task[None] | None = None

    async def status(self, job: JobId) -> JobStatus:
        """Where `job` stands, not older than a tick; the job is watched from now on."""
        self._watched.add(job)
        while job not in self._answer or self._clock() - self._answered >= self._tick:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            await asyncio.shield(self._asking)
        return self._answer[job]

    def forget(self, job: JobId) -> None:
        """Asks about `job` no more: it has ended."""
        self._watched.discard(job)

    async def _ask(self) -> None:
        watched = tuple(self._watched)
        self._answer = await asyncio.to_thread(self._scheduler.status, watched)
        self._answered = self._clock()
