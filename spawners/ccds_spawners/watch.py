"""One question to the scheduler per tick, however many sessions ask about their jobs.

Every session's spawner polls on its own. `JobWatch` answers them all from one shared answer, which it renews when it is
older than a tick: by a single query, in a thread, for every job that anybody asked about lately. A job that is new waits for
the next tick rather than for a query of its own. Why a job waits can only be asked job by job: that is one more question per
tick, for each waiting job in turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError

_log = logging.getLogger("ccds.spawners.watch")


class JobWatch:
    """Shares status queries between the sessions of one hub.

    For one event loop. Args:
        scheduler: the scheduler to ask.
        tick: seconds that an answer counts as fresh, and the least between two queries.
        clock: a monotonic clock in seconds.
        pause: sleeps that many seconds of that clock.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        tick: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._scheduler = scheduler
        self._tick = tick
        self._clock = clock
        self._pause = pause
        self._watched: set[JobId] = set()
        self._answer: Mapping[JobId, JobStatus] = {}
        self._asked = self._answered = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._reasons: dict[JobId, tuple[float, Explanation | None]] = {}
        self._asked_why = float("-inf")

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    async def status(self, job: JobId) -> JobStatus:
        """Where `job` stands, not older than a tick; the job is watched from now on.

        Never raises: what can't be learned is UNKNOWN, which is alive.
        """
        while job not in self._answer or self._clock() - self._answered >= self._tick:
            self._watched.add(job)  # in the loop: somebody else may have called `forget` meanwhile
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            await asyncio.shield(self._asking)
        return self._answer[job]

    async def explain(self, job: JobId) -> Explanation | None:
        """Why `job` waits, as the scheduler said when it was this job's turn; None while it hasn't said yet."""
        asked, known = self._reasons.setdefault(job, (float("-inf"), None))
        now = self._clock()
        if now - self._asked_why < self._tick or asked > min(when for when, _ in self._reasons.values()):
            return known
        self._asked_why = now
        with contextlib.suppress(CcdsError):  # what it said before still stands
            known = await asyncio.to_thread(self._scheduler.explain, job)
        self._reasons[job] = (now, known)
        return known

    def forget(self, job: JobId) -> None:
        """Asks about `job` no more: it has ended."""
        self._watched.discard(job)
        self._reasons.pop(job, None)

    async def _ask(self) -> None:
        too_soon = self._asked + self._tick - self._clock()
        if too_soon > 0:
            await self._pause(too_soon)
        self._asked = self._clock()
        watched = tuple(self._watched)
        answer: Mapping[JobId, JobStatus] = {}
        try:
            answer = await asyncio.to_thread(self._scheduler.status, watched)
        except Exception as error:  # noqa: BLE001 - JupyterHub takes a poll that raises for a session that ended
            _log.warning("the scheduler can't be asked: %s", type(error).__name__)
        self._answer = {job: answer.get(job) or _unknown(job) for job in watched}
        self._answered = self._clock()
        waiting = {job for job, status in self._answer.items() if status.state is JobState.PENDING}
        self._reasons = {job: reason for job, reason in self._reasons.items() if job in waiting}


def _unknown(job: JobId) -> JobStatus:
    return JobStatus(id=job, state=JobState.UNKNOWN, reason="the scheduler doesn't answer")
