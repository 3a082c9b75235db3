"""A run on the site's cluster as whoever asked for it sees it: its controller's job is handed over, looked at, ended.

The controller (a job) opens the `ClusterEngine` and goes through the items; notebook and terminal may close meanwhile. What it
needs is in `.run/jobs-<person>`, which that person alone may read; which job it is stands in `.run/controller.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ccds_kernel.batch import (
    JobId,
    JobRefusedError,
    JobSpec,
    JobState,
    JobStatus,
    PriorityClass,
    Scheduler,
    SchedulerUnavailableError,
    UnknownJobError,
)
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.workflow.cluster_engine import ENVIRONMENT, end_jobs
from ccds_kernel.workflow.job_names import CONTROLLER, RunJob, read_job, run_of
from ccds_kernel.workflow.own_folder import opened
from ccds_kernel.workflow.progress import Progress, write_progress
from ccds_kernel.workflow.run_folder import RunFolder

CONTROLLER_MB = 1024
LIVES = frozenset({JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED})
"""States of a job that is alive by the scheduler's own word."""

_CORES = 2
_FILE = "controller.json"
_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """The controller's job, as `.run/controller.json` has it.

    Args:
        job: the scheduler's id; empty where whoever handed it over was cut short before the answer.
        name: what the scheduler calls it.
        person: whose it is.
        submitted_at: when it was handed over, in UTC.
        workers: how many are wanted.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    job: str
    name: str
    person: str
    submitted_at: str
    workers: int


@dataclass(frozen=True, slots=True)
class JobsNow:
    """How the jobs of a run are, by the scheduler's word.

    Args:
        controller: where the controller's job stands.
        reason: why: what it waits for, or why it failed. May be empty.
        running: worker jobs that run; None where they are somebody else's, whose jobs the scheduler doesn't list to us.
        waiting: worker jobs that wait; likewise.
    """

    controller: JobState
    reason: str
    running: int | None = None
    waiting: int | None = None


_READER = TypeAdapter(Controller)


@dataclass(frozen=True, slots=True)
class ClusterRun:
    """The run of one operator over one project's items, on the cluster.

    Args:
        project: the project's id.
        digest: the operator's.
        folder: where it makes what it makes.
        person: who asks.
        scheduler: the site's, as that person uses it.
        what: the operator, as in "nobody else who runs this recipe".
        show: the command that says how far it is.
        made: the project's folder that it writes into, by name.
    """

    project: str
    digest: str
    folder: RunFolder
    person: str
    scheduler: Scheduler = field(repr=False)
    what: str
    show: str
    made: str

    @property
    def run(self) -> str:
        """What the run is called in its jobs' names."""
        return run_of(self.digest)

    @property
    def jobs_folder(self) -> Path:
        """What is of the person's own jobs."""
        return self.folder.folder / f"jobs-{self.person}"

    def submit(
        self, module: str, order: Mapping[str, object], *, workers: int, wall_minutes: float, env: Mapping[str, str]
    ) -> Controller:
        """Hands the controller's job over; while one lives, that one stays.

        Args:
            module: of ours, run with the jobs' folder as its one argument; it reads `order.json` there.
            order: what it is to do.
            workers: how many it will ask for.
            wall_minutes: how long it may take; whoever submits again afterwards goes on with the rest.
            env: of the controller, secrets included.

        Raises:
            CcdsError: somebody else's run of it lives, or the folder can't be written or isn't the person's alone.
            JobRefusedError: the scheduler will never run it.
            SchedulerUnavailableError: the scheduler doesn't answer; submit again.
        """
        alive = self.own_alive()
        if alive is not None:
            return alive
        self._need_two_cores()
        name = RunJob(self.project, self.run, CONTROLLER).name
        spec = JobSpec(
            name=name,
            command=(sys.executable, "-P", "-u", "-m", module, str(self.jobs_folder)),
            cwd=self.jobs_folder,
            log=self.jobs_folder / "controller.log",
            owner=self.person,
            env={**ENVIRONMENT, **env},
            memory_mb=CONTROLLER_MB,
            wall_minutes=wall_minutes,
            priority_class=PriorityClass.BATCH,
            requeueable=True,
        )
        noted = Controller(job="", name=name, person=self.person, submitted_at=_now(), workers=workers)
        try:
            self.jobs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with opened(self.jobs_folder) as own:
                write_whole(own / "order.json", json.dumps(order) + "\n", 0o600)
            before = self.controller()
            self._note(noted)
            try:
                job = self.scheduler.submit(spec)
            except JobRefusedError:
                self._take_back(before)
                raise
            return self._note(Controller(**{**asdict(noted), "job": str(job)}))
        except OSError as error:
            raise self.not_written(error) from None

    def own_alive(self) -> Controller | None:
        """The controller's job where it is this person's and alive by the scheduler's word; None else.

        Raises:
            CcdsError: somebody else's run of it lives, or may.
            SchedulerUnavailableError: the scheduler doesn't answer.
        """
        before, state = self.controller(), self.state()
        if before is None:
            return None
        if before.person != self.person and not (state and state.ended):
            raise CcdsError(
                expected=f"nobody else who runs {self.what} in the project",
                found=f"a run of {before.person} on the cluster",
                do=f"wait for it; '{self.show}' says how far it is",
            )
        return before if before.person == self.person and state in LIVES else None

    def controller(self) -> Controller | None:
        """The controller's job that was handed over last; None where none was."""
        return controller_of(self.folder)

    def state(self) -> JobState | None:
        """Where the controller's job stands; None where none was ever handed over, UNKNOWN where the scheduler can't say."""
        controller = self.controller()
        if controller is None:
            return None
        job = JobId(controller.job)
        return self.scheduler.status([job])[job].state if controller.job else JobState.UNKNOWN

    def now(self) -> JobsNow | None:
        """How its jobs are; None where none was ever handed over. Never raises for a scheduler that doesn't answer."""
        controller = self.controller()
        if controller is None:
            return None
        if not controller.job:
            return JobsNow(JobState.UNKNOWN, "it isn't known whether its job was taken: start the run again")
        job = JobId(controller.job)
        status = self.scheduler.status([job])[job]
        return JobsNow(status.state, self._why(status), *self._workers(controller))

    def end(self) -> int:
        """Asks for the end of every job of the run; returns how many there were.

        Raises:
            CcdsError: it is somebody else's.
            SchedulerUnavailableError: the scheduler doesn't answer.
        """
        controller = self.controller()
        if controller is not None and controller.person != self.person:
            raise CcdsError(
                expected="your own run to cancel", found=f"one of {controller.person}", do=f"ask {controller.person}"
            )
        ended = end_jobs(self.scheduler, self.project, self.run)
        if controller is not None and controller.job:
            job = JobId(controller.job)
            # Whoever may write volumes may write which job that is: it mustn't be another one of this person's.
            if self.scheduler.status([job])[job].name == RunJob(self.project, self.run, CONTROLLER).name:
                with suppress(UnknownJobError):  # most often it was among them
                    self.scheduler.cancel(job)
        return ended

    def keep(self, progress: Progress) -> None:
        """Writes how far the run is.

        Raises:
            CcdsError: it can't be written.
        """
        try:
            self.folder.folder.mkdir(parents=True, exist_ok=True)
            write_progress(self.folder.progress_file, progress)
        except OSError as error:
            raise self.not_written(error) from error

    def not_written(self, error: OSError) -> CcdsError:
        """That what the run makes, or is told of it, can't be written."""
        return CcdsError(
            expected=f"to write into the project's folder {self.made}",
            found=error.strerror or "an error",
            do="ask the administrators of this site",
        )

    def _note(self, controller: Controller) -> Controller:
        write_whole(self.folder.folder / _FILE, json.dumps(asdict(controller)) + "\n", 0o664)
        return controller

    def _take_back(self, before: Controller | None) -> None:
        """A job that the scheduler refused is none that others would have to wait for."""
        if before is None:
            (self.folder.folder / _FILE).unlink(missing_ok=True)
        else:
            self._note(before)

    def _why(self, status: JobStatus) -> str:
        if status.state is not JobState.PENDING:
            return status.reason or ""
        explained = status.waits
        if explained is None:
            with suppress(SchedulerUnavailableError, UnknownJobError):
                explained = self.scheduler.explain(status.id)
        return explained.reason if explained else ""

    def _workers(self, controller: Controller) -> tuple[int | None, int | None]:
        if controller.person != self.person:
            return None, None
        try:
            live = self.scheduler.mine()
        except SchedulerUnavailableError:
            return None, None
        states = [
            status.state
            for status in live
            if (named := read_job(status.name)) is not None
            and (named.project, named.run) == (self.project, self.run)
            and named.part != CONTROLLER
        ]
        return states.count(JobState.RUNNING), states.count(JobState.PENDING)

    def _need_two_cores(self) -> None:
        """The controller holds one: where there is no second one its workers would wait for ever."""
        cores = sum(node.cpus for node in self.scheduler.capacity())
        if cores < _CORES:
            raise CcdsError(
                expected="two cores for batch work, for the controller and a worker",
                found=str(cores),
                do="take --engine local",
            )


def controller_of(folder: RunFolder) -> Controller | None:
    """The controller's job of the run in `folder` that was handed over last; None where none was."""
    try:
        with (folder.folder / _FILE).open("rb") as file:
            return _READER.validate_json(file.read(_LONGEST))
    except (OSError, ValidationError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
