"""Jobs: the `Scheduler` port, what a job asks for and what a scheduler answers.

`ccds_kernel.batch.local` is the scheduler for one machine. Importing this package costs a few milliseconds and imports
the standard library only: the hub, the command line and every job's start pay for it.
"""

from __future__ import annotations

from ccds_kernel.batch.scheduler import JobRefusedError, Scheduler, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.shape import Array, Container, Mount, Topology
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobId, JobState, JobStatus, Node

__all__ = [
    "UNKNOWN_REASON",
    "Array",
    "Container",
    "Explanation",
    "JobId",
    "JobRefusedError",
    "JobSpec",
    "JobState",
    "JobStatus",
    "Mount",
    "Node",
    "PriorityClass",
    "Scheduler",
    "SchedulerUnavailableError",
    "Topology",
    "UnknownJobError",
    "job_name",
]
