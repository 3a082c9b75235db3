"""One question to the scheduler per tick, however many sessions ask about their jobs.

Every session's spawner polls on its own. `JobWatch` answers them all from one shared answer, which it renews when it is
older than a tick: by a single query, in a thread, for every job that anybody asked about lately. A job that is new waits for
the next tick rather than for a query of its own. Slurm and LSF tell in the same answer why a job waits; a scheduler that has to
be asked job by job (the local one, which reads a file) gets one more question per tick, for each waiting job in turn.

A scheduler that hangs is waited for no longer than `patience`: then its jobs are UNKNOWN, which is alive, and it is asked again
only once it has let go of the question before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from ccds_kernel.batch.scheduler import Answers
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError

PATIENCE_S = 15.0
"""Seconds: more than the schedulers' own calls take before they give up."""

_log = logging.getLogger("ccds.spawners.watch")


@dataclass(frozen=True)
class Known:
    """The last that a scheduler said about a job, and when (UTC)."""

    status: JobStatus
    at: datetime


class JobWatch:
    """Shares status queries between the sessions of one hub.

    For one event loop. Args:
        scheduler: the scheduler to ask.
        tick: seconds that an answer counts as fresh, and the least between two queries.
        clock: a monotonic clock in seconds.
        pause: sleeps that many seconds of that clock.
        patience: seconds of real time after which a question counts as unanswered.
    """

    def __init__(
        self,
        scheduler: Answers,
        tick: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: float = PATIENCE_S,
    ) -> None:
        self._scheduler = scheduler
        self._tick = tick
        self._clock = clock
        self._pause = pause
        self._patience = patience
        self._watched: set[JobId] = set()
        self._answer: Mapping[JobId, JobStatus] = {}
        self._known: dict[JobId, Known] = {}
        self._asked = self._answered = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._question: asyncio.Future[Mapping[JobId, JobStatus]] | None = None
        self._reasons: dict[JobId, tuple[float, Explanation | None]] = {}
        self._asked_why = float("-inf")

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    @property
    def tick(self) -> float:
        """Seconds between two looks: asking more often than that gives the same answer."""
        return self._tick

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

    def known(self, job: JobId) -> Known | None:
        """The last that the scheduler really said about `job`, and when; asks nobody. None where it never said anything."""
        return self._known.get(job)

    def last(self, job: JobId) -> JobStatus | None:
        """The last answer about `job`, which may be that nothing is known; asks nobody. None before there is any."""
        return self._answer.get(job)

    async def explain(self, job: JobId) -> Explanation | None:
        """Why `job` waits, as the scheduler said with its state, or when it was this job's turn; None where it hasn't yet."""
        if (answered := self._answer.get(job)) is not None and answered.waits is not None:
            return answered.waits
        asked, known = self._reasons.setdefault(job, (float("-inf"), None))
        now = self._clock()
        if now - self._asked_why < self._tick or asked > min(when for when, _ in self._reasons.values()):
            return known
        self._asked_why = now
        with contextlib.suppress(CcdsError):  # what it said before still stands
            known = await asyncio.to_thread(self._scheduler.explain, job)
        self._reasons[job] = (now, known)
        return known

    def explained(self, job: JobId) -> Explanation | None:
        """What `explain` answered last; asks nobody."""
        if (answered := self._answer.get(job)) is not None and answered.waits is not None:
            return answered.waits
        return self._reasons.get(job, (0.0, None))[1]

    def forget(self, job: JobId) -> None:
        """Asks about `job` no more: it has ended."""
        self._watched.discard(job)
        self._reasons.pop(job, None)
        self._known.pop(job, None)

    async def _ask(self) -> None:
        too_soon = self._asked + self._tick - self._clock()
        if too_soon > 0:
            await self._pause(too_soon)
        self._asked = self._clock()
        watched = tuple(self._watched)
        answer = await self._query(watched)
        self._answer = {job: answer.get(job) or _unknown(job) for job in watched}
        self._answered = self._clock()
        now = datetime.now(UTC)
        for job, status in self._answer.items():
            if status.state is not JobState.UNKNOWN and job in self._watched:
                self._known[job] = Known(status, now)
        waiting = {job for job, status in self._answer.items() if status.state is JobState.PENDING}
        self._reasons = {job: reason for job, reason in self._reasons.items() if job in waiting}

    async def _query(self, watched: tuple[JobId, ...]) -> Mapping[JobId, JobStatus]:
        """What the scheduler says; nothing where it fails, hangs, or still hangs on the question before."""
        if self._question is not None and not self._question.done():
            return {}
        self._question = question = asyncio.ensure_future(asyncio.to_thread(self._scheduler.status, watched))
        question.add_done_callback(_heard)
        await asyncio.wait([question], timeout=self._patience)
        if not question.done():
            _log.warning("the scheduler hasn't answered within %.0f s", self._patience)
            return {}
        return {} if question.exception() else question.result()


def _heard(question: asyncio.Future[Mapping[JobId, JobStatus]]) -> None:
    """Writes down that a question failed, also long after anybody waited for it.

    Whatever it raised: JupyterHub takes a poll that raises for a session that ended.
    """
    if not question.cancelled() and (error := question.exception()):
        _log.warning("the scheduler can't be asked: %s", type(error).__name__)


def _unknown(job: JobId) -> JobStatus:
    return JobStatus(id=job, state=JobState.UNKNOWN, reason="the scheduler doesn't answer")
