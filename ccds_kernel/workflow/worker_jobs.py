"""Keeps as many worker jobs with the site's scheduler as a run wants: replaces those that ended, ends them with the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from ccds_kernel.batch import (
    JobId,
    JobRefusedError,
    JobSpec,
    JobState,
    Scheduler,
    SchedulerUnavailableError,
    UnknownJobError,
)
from ccds_kernel.errors import CcdsError

_FAILURES_EACH = 3
"""So many jobs for each worker that fail one after the other, without one that came to work: then it's not bad luck."""
_ENDS_S = 30.0


class WorkerJobs:
    """The worker jobs of one life of a controller.

    A thread asks the scheduler every `look_s` seconds, one question for all. Only a positive answer that a job ended makes room
    for the next: an unknown or suspended one may come back.

    Args:
        scheduler: the site's.
        job_of: makes the job of worker `number` (from 0), of which there were so many before it.
        count: how many are wanted.
        have_joined: how many workers are there now.
        look_s: see above.
        lost: called once, from the thread, where no worker comes to work: there `trouble` says why.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        job_of: Callable[[int, int], JobSpec],
        count: int,
        *,
        have_joined: Callable[[], int],
        lost: Callable[[], None],
        look_s: float,
    ) -> None:
        self.trouble: CcdsError | None = None
        self._scheduler = scheduler
        self._job_of = job_of
        self._have_joined = have_joined
        self._lost = lost
        self._look_s = look_s
        self._jobs: dict[int, tuple[int, JobId]] = {}
        self._count = count
        self._failures = 0
        self._why = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="worker jobs", daemon=True)

    def start(self) -> None:
        """Submits the first one, so that what can't be is told at once; the thread sees to the others.

        Raises:
            JobRefusedError: the scheduler will never run such a job.
        """
        with suppress(SchedulerUnavailableError):
            self._submit(0, 0)
        self._thread.start()

    def no_more(self) -> None:
        """From now on none is replaced."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def stop(self) -> None:
        """Ends all of them; returns when they have ended, or after half a minute: they were told then."""
        self.no_more()
        pause = threading.Event()
        for _ in range(int(_ENDS_S / self._look_s)):
            live = [job for _, job in self._jobs.values()]
            with suppress(SchedulerUnavailableError):
                live = [job for job, status in self._scheduler.status(live).items() if not status.state.ended]
            if not live:
                return
            for job in live:
                with suppress(SchedulerUnavailableError, UnknownJobError):
                    self._scheduler.cancel(job)
            pause.wait(self._look_s)

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                self._look()
            except SchedulerUnavailableError:
                pass  # nothing is known: the next look will tell
            except CcdsError as error:  # refused: by the scheduler, or at the project's door
                self._give_up(error)
                return
            if self._failures > _FAILURES_EACH * self._count:
                self._give_up(self._never_came())
                return
            self._over.wait(self._look_s)

    def _look(self) -> None:
        statuses = self._scheduler.status([job for _, job in self._jobs.values()])
        if self._have_joined():
            self._failures = 0
        live = 0
        for number in range(self._count):
            before, job = self._jobs.get(number, (-1, None))
            if job is not None:
                state = statuses[job].state
                if not state.ended:
                    live += 1
                    continue
                self._failures += state is JobState.FAILED
                self._why = statuses[job].reason or "no reason"
            try:
                self._submit(number, before + 1)
            except JobRefusedError:
                if not live:
                    raise
                return  # so many and no more: some site has such a rule
            live += 1

    def _submit(self, number: int, before: int) -> None:
        self._jobs[number] = before, self._scheduler.submit(self._job_of(number, before))

    def _give_up(self, why: CcdsError) -> None:
        self.trouble = why
        self._lost()

    def _never_came(self) -> CcdsError:
        return CcdsError(
            expected="a worker's job to come to work",
            found=f"that each of them fails ({self._why})",
            do="see workers.log in the run's folder, or ask the administrators of this site",
        )
