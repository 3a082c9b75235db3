"""The first-node rule as `hub/site/slurm/job_submit.lua` has it, for what the hub moves, which that lets pass: pure."""

from __future__ import annotations

from collections.abc import Iterable

from ccds_kernel.batch.mark import Mark
from ccds_kernel.batch.slurm.answers import SlurmJob
from ccds_kernel.batch.slurm.queue import said_of
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobState

_ENDING = "COMPLETING"


def jobs_of_same_person(job: SlurmJob, jobs: Iterable[SlurmJob], me: str) -> list[SlurmJob]:
    """The other jobs of the Unix user of this one; of ours, who are `me`, those for the same person."""
    return [
        it
        for it in jobs
        if it.user == job.user
        and (it.array or it.id) != (job.array or job.id)
        and (job.user != me or _person(it) == _person(job))
    ]


def is_first_node(job: SlurmJob, site: SlurmSite) -> bool:
    """Whether it makes its person's next one a further node: it lives as a first node, or has its node as a further one."""
    state = JobState.UNKNOWN if _ENDING in job.states else said_of(job).state
    has_it = state in {JobState.RUNNING, JobState.SUSPENDED}
    kind = site.class_of(job.partition)
    return (kind is PriorityClass.FIRST and (has_it or state is JobState.PENDING)) or (
        kind is PriorityClass.SECOND and has_it
    )


def _person(job: SlurmJob) -> str | None:
    mark = Mark.read(job.comment)
    return mark.owner if mark else None
