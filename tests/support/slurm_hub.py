"""A hub whose sessions are jobs of a real Slurm, and work of others that is in their way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import JobId, JobStatus
from support.hub import HubSite, site_with_hub
from support.slurm import Cluster, Host

TICK_S = 0.5

TWO_NODES = (
    Host("gpu1", cpus=16, memory_mb=64_000, gpus=2),
    Host("gpu2", cpus=16, memory_mb=64_000, gpus=2),
    Host("cpu1"),
)
"""Four GPUs, which are what sessions wait for: cores and memory are there for more; and a host for app sessions."""


@dataclass(frozen=True)
class SlurmHub:
    """A site, its cluster, and a client of the scheduler that sees what the hub's does."""

    site: HubSite
    cluster: Cluster
    scheduler: Scheduler

    def job(self, person: str, session: str) -> JobStatus | None:
        """The live job of a person's session."""
        name = job_name("session", person, session)
        return next((job for job in self.scheduler.mine() if job.name == name), None)

    def partition(self, job: JobId) -> str:
        """Where Slurm itself says that a live job is."""
        return self.cluster.run("squeue", "--noheader", "--format=%P", f"--jobs={job}").strip()

    def work(self, name: str, *, gpus: int, priority_class: PriorityClass = PriorityClass.BATCH) -> JobId:
        """A job of somebody's that lasts; batch work may be put back into the queue."""
        return self.scheduler.submit(
            JobSpec(
                name=name,
                command=("sleep", "3600"),
                cwd=self.site.folder,
                log=self.site.folder / f"{name}.txt",
                owner="somebody",
                gpus=gpus,
                priority_class=priority_class,
                requeueable=priority_class is PriorityClass.BATCH,
            )
        )

    def statuses(self, jobs: Sequence[JobId]) -> list[JobStatus]:
        """Where these jobs stand, in their order."""
        found = self.scheduler.status(jobs)
        return [found[job] for job in jobs]


@contextmanager
def hub_on_slurm(cluster: Cluster, folder: Path, hub: str = "", *more: str) -> Iterator[SlurmHub]:
    """A site in `folder` whose hub, not yet started, asks Slurm twice a second; `hub` and `more` as for `site_with_hub`."""
    lines = [  # of [scheduler] first, with which the settings of such a site end
        'engine = "slurm"',
        f"tick_seconds = {TICK_S}",
        "[slurm]",
        f'conf = "{cluster.folder}/slurm.conf"',
    ]
    with site_with_hub(folder, hub, "\n".join([*lines, *more])) as site:
        try:
            yield SlurmHub(site, cluster, scheduler_of(site.settings))
        finally:
            cluster.cancel_all()
