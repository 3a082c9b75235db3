"""The Scheduler port: what the workbench asks of LSF, Slurm and the local scheduler, and nothing more.

The calls are plain, not `async`: the command line, notebooks and tests call them as they are, the schedulers underneath
are programs or files, and the one process with an event loop (the hub) has `asyncio.to_thread(scheduler.status, ids)`,
one line. An async port would force an event loop on everyone else and still run threads inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import Explanation, JobId, JobStatus, Node
from ccds_kernel.errors import CcdsError


class SchedulerUnavailableError(CcdsError):
    """No answer, or no sensible one: nothing is known, every job counts as alive, trying again is safe."""


class JobRefusedError(CcdsError):
    """The scheduler will never run this: it asks for what the site doesn't have. Trying again is pointless."""


class UnknownJobError(CcdsError):
    """The scheduler knows no job of this id that the call could act on."""


class Answers(Protocol):
    """What a scheduler tells: nothing is changed by asking. What is said of `Scheduler` holds here."""

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """All of these jobs, in one question to the scheduler; each id asked for is in the answer.

        Never raises for a scheduler that doesn't answer: the jobs are then UNKNOWN with the reason, as is an id that
        the scheduler doesn't know and that left no exit file.
        """

    def mine(self) -> Sequence[JobStatus]:
        """Every job of this Unix user submitted through this port that has not ended, in the order of submission.

        Raises:
            SchedulerUnavailableError: rather than a list that is too short.
        """

    def estimate(self, spec: JobSpec) -> Explanation:
        """When such a job would start if it were submitted now, as far as the scheduler says; nothing is submitted.

        Raises:
            JobRefusedError: it would never start.
            SchedulerUnavailableError: no answer.
        """

    def capacity(self) -> Sequence[Node]:
        """Every node and what is free on it."""

    def explain(self, job: JobId) -> Explanation:
        """Why the job hasn't started, its position and estimated start, as far as the scheduler says.

        Raises:
            UnknownJobError: no such job.
        """


class Scheduler(Answers, Protocol):
    """One scheduler, as one Unix user sees it.

    Concurrency: every method may be called from several threads and processes at once, each call stands alone, and each
    returns within about 10 s (an answer or an error): never call one on an event loop's own thread.

    Ownership: jobs belong to the Unix user who submits; a scheduler object holds no state that matters: it may go
    at any moment, even by kill -9, and another one made in another process finds the same jobs.

    Errors: `SchedulerUnavailableError` when there is no sensible answer; see each method for the others.
    """

    def submit(self, spec: JobSpec) -> JobId:
        """Hands a job over; on return the scheduler has it for good.

        Idempotent by `spec.name`: while a job of that name has not ended, the same id comes back and nothing is changed
        (so a caller that died between submitting and noting the id submits again and adopts its job). When it has
        ended, a new job is made.

        Raises:
            JobRefusedError: more GPUs, cores or memory, or another model, than any node has; a kind of job that this scheduler
                doesn't know; or its own rules are against it, in its own words.
        """

    def cancel(self, job: JobId) -> None:
        """Asks for the job's end (TERM, then KILL after a grace) and returns before it has come.

        A job that has ended stays as it is.

        Raises:
            UnknownJobError: no such job.
        """

    def set_priority(self, job: JobId, priority_class: PriorityClass) -> None:
        """Moves a pending or running job to another class; one that has ended stays as it is.

        Raises:
            UnknownJobError: no such job.
            JobRefusedError: from or to APP: an app session stays one, a node stays a node; or the scheduler doesn't let it be
                moved, as to FIRST where its person has another first node that we don't know of.
        """

    def extend(self, job: JobId, minutes: float) -> None:
        """Adds minutes (> 0) to the wall time of a pending or running job.

        Raises:
            UnknownJobError: no such job, or it has ended.
            JobRefusedError: the scheduler doesn't let its users do that, or not by that much.
        """
