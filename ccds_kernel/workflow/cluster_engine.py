"""The Engine whose workers are jobs of the site's scheduler: this machine's, Slurm's or LSF's alike.

The process that opens it is a job itself, the controller (`cluster_run`): Dask's scheduler runs in it, workers on any host join,
each side shows the run's certificate (`tls`). All are batch jobs: they take what is free, and yield to interactive work.

Rejected: dask-jobqueue. It renders scripts of its own for each scheduler, asks each worker for its state, and knows neither our
priority classes nor our way of telling that a job has ended.
"""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask
import distributed

from ccds_kernel.batch import JobId, JobRefusedError, JobSpec, PriorityClass, Scheduler, UnknownJobError
from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.engine import EngineLost, Workers
from ccds_kernel.workflow.job_names import CONTROLLER, RunJob, read_job
from ccds_kernel.workflow.meeting import Meeting
from ccds_kernel.workflow.own_folder import opened
from ccds_kernel.workflow.tls import NO_PAGES, credentials_in, make_credentials
from ccds_kernel.workflow.worker_jobs import WorkerJobs

ENVIRONMENT = {
    "PYTHONUTF8": "1",
    "OMP_NUM_THREADS": "1",  # so that all compute the same
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "DASK_LOGGING__DISTRIBUTED": "warning",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h",  # a worker that computes doesn't answer, which is nothing to warn of
}
"""Of every job of a run."""
_CONFIGURATION = {
    **NO_PAGES,
    "distributed.scheduler.work-stealing": False,  # no worker has more than it does
    "distributed.comm.timeouts.connect": "5s",
}
MOST_WORKERS = 256
LOOK_S = 5.0
_MIB = 1 << 20
_OWN_MB = 400
"""MiB of a worker beside what its study needs: Python, NumPy, SimpleITK, Dask."""
_LIVES = 0.8
"""The part of its wall time after which a worker ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOrder:
    """What a run's workers are to be.

    Args:
        project: the project's id.
        run: which run of it, 16 hexadecimal digits.
        folder: the run's own, closed to others, on a disk that every node reaches.
        owner: the person for whom it runs.
        count: how many workers at once, 1 to `MOST_WORKERS`.
        wall_minutes: of each job.
        env: what the environment of their jobs holds beyond what every job's does.
    """

    project: str
    run: str
    folder: Path
    owner: str
    count: int
    wall_minutes: float
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_workers(self.count)

    def job(self, life: str, number: int, before: int, memory_mb: int) -> JobSpec:
        """The job of worker `number` in this life of the controller, after `before` others that ended."""
        part = f"{life}.{number}.{before}"
        return JobSpec(
            name=RunJob(self.project, self.run, part).name,
            # -P: a file in the folder must not take the place of a library.
            command=(sys.executable, "-P", "-u", "-m", "ccds_kernel.workflow.cluster_worker", str(self.folder), part),
            cwd=self.folder,
            log=self.folder / "workers.log",
            owner=self.owner,
            env={**ENVIRONMENT, **self.env},
            memory_mb=memory_mb,
            wall_minutes=self.wall_minutes,
            priority_class=PriorityClass.BATCH,
            requeueable=True,
        )


def check_workers(count: int) -> None:
    """Refuses a number of workers that is asked of no scheduler.

    Raises:
        CcdsError: fewer than one, or more than `MOST_WORKERS`.
    """
    if not 1 <= count <= MOST_WORKERS:
        raise CcdsError(expected=f"1 to {MOST_WORKERS} workers", found=str(count), do="ask for as many")


class ClusterEngine:
    """Implements `Engine`, whose docstrings hold. Inside the controller's job only.

    Args:
        scheduler: the site's.
        order: what the workers are to be.
        host: where other hosts reach this one; see `own_address`.
        look_s: how often the scheduler is asked for the workers' jobs, seconds.
    """

    name = "cluster"

    def __init__(self, scheduler: Scheduler, order: WorkerOrder, *, host: str, look_s: float = LOOK_S) -> None:
        self._scheduler = scheduler
        self._order = order
        self._host = host
        self._look_s = look_s

    def most_memory(self) -> int | None:
        """See `Engine.most_memory`."""
        return most_memory_of(self._scheduler)

    @contextmanager
    def open(self, largest: int, items: int | None = None) -> Iterator[Workers]:
        """See `Engine.open`."""
        memory_mb = self._memory_mb(largest)
        life = secrets.token_hex(4)
        end_jobs(self._scheduler, self._order.project, self._order.run, workers_only=True)
        with opened(self._order.folder) as own, _dask(self._host, own) as cluster:
            Meeting(
                address=cluster.scheduler_address, life=life, lifetime_s=self._order.wall_minutes * 60 * _LIVES
            ).write(own)
            jobs = WorkerJobs(
                self._scheduler,
                lambda number, before: self._order.job(life, number, before, memory_mb),
                self._order.count if items is None else max(1, min(self._order.count, items)),
                have_joined=lambda: len(cluster.scheduler.workers),
                lost=lambda: cluster.loop.add_callback(cluster.scheduler.close),
                look_s=self._look_s,
            )
            jobs.start()
            try:
                with distributed.Client(cluster) as client:
                    yield Workers(client=client, memory_each=(memory_mb - _OWN_MB) * _MIB)
            except EngineLost:
                if jobs.trouble is not None:
                    raise jobs.trouble from None
                raise
            finally:
                Meeting.remove(own)
                jobs.no_more()  # before the workers hear that they are to end
                cluster.close()
                jobs.stop()

    def _memory_mb(self, largest: int) -> int:
        """MiB of a worker's job: for the largest item, as far as any node has as much."""
        wanted = -(-largest // _MIB) + _OWN_MB
        most = most_memory_of(self._scheduler)
        return wanted if most is None else min(wanted, most // _MIB + _OWN_MB)


def most_memory_of(scheduler: Scheduler) -> int | None:
    """Bytes that one item may need where a worker's job has the largest node alone; None where the scheduler names no node.

    Raises:
        JobRefusedError: no node has enough for a worker.
        SchedulerUnavailableError: the scheduler doesn't answer.
    """
    most = max((node.memory_mb for node in scheduler.capacity()), default=None)
    if most is None:
        return None
    if most <= _OWN_MB:
        raise JobRefusedError(
            expected=f"a node with more than {_OWN_MB} MiB of memory, which a worker needs for itself",
            found=f"{most} MiB",
            do="run it elsewhere",
        )
    return (most - _OWN_MB) * _MIB


@contextmanager
def _dask(host: str, folder: Path) -> Iterator[Any]:
    """Dask's scheduler in this process, without workers, without dashboard; with a key of its own, in `folder`."""
    make_credentials(folder)
    scheduler = {
        "cls": distributed.Scheduler,
        "options": {
            "protocol": "tls", "host": host, "port": 0, "security": credentials_in(folder), "dashboard": False,
            "allowed_failures": 0, "dashboard_address": "127.0.0.1:0",
        },
    }  # fmt: skip
    with (
        dask.config.set(_CONFIGURATION),
        distributed.SpecCluster(
            scheduler=scheduler, workers={}, security=credentials_in(folder), silence_logs=False
        ) as cluster,
    ):
        yield cluster


def own_address(scheduler: Scheduler, job: JobId) -> str:
    """Where other hosts reach the one on which `job` runs: as the scheduler says, else by the host's name."""
    status = scheduler.status([job])[job]
    return status.address or socket.gethostbyname(status.node or socket.gethostname())


def end_jobs(scheduler: Scheduler, project: str, run: str, *, workers_only: bool = False) -> int:
    """Asks for the end of every job of a run; returns how many there were.

    Raises:
        SchedulerUnavailableError: the scheduler doesn't answer.
    """
    ended = 0
    for status in scheduler.mine():
        named = read_job(status.name)
        if named is None or (named.project, named.run) != (project, run):
            continue
        if workers_only and named.part == CONTROLLER:
            continue
        with suppress(UnknownJobError):  # it has ended in this moment
            scheduler.cancel(status.id)
            ended += 1
    return ended
