"""A run as notebooks and the command line see it: its state, its live curve, cancel, restart.

A `Run` holds nothing that matters: it may go at any moment, and `open_run` in another process sees the same.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ccds_kernel.audit.site import job_variables
from ccds_kernel.batch import (
    JobId,
    JobSpec,
    JobStatus,
    PriorityClass,
    Scheduler,
    SchedulerUnavailableError,
    UnknownJobError,
)
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.training.extra import need_training_extra
from ccds_kernel.training.folder import RunFolder, run_folder, run_folders
from ccds_kernel.training.metrics import Metric, curve, last_metric, read_metrics
from ccds_kernel.training.naming import training_job
from ccds_kernel.training.record import RunRecord, Start
from ccds_kernel.training.state import RunState, judge

_INSIDE = "ccds_kernel.training.inside"


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """A run at one moment.

    Attributes:
        state: where it stands.
        reason: why, in one line; while it waits, what the scheduler says it waits for. May be empty.
        epoch: the last epoch that was completed or begun, 0 before the first line of metrics.
        epochs: how many were asked for.
        starts: how often it was started, the first time included.
        requeues: how often its last start made room for interactive work and began anew.
        job: the scheduler's id of the last start's job, None where it isn't known.
    """

    state: RunState
    reason: str
    epoch: int
    epochs: int
    starts: int
    requeues: int
    job: str | None


class Run:
    """One run of a project that is open. Make one with `open_run` or `launch`."""

    def __init__(self, project: Project, folder: RunFolder, scheduler: Scheduler) -> None:
        self.record: RunRecord = folder.record
        self.folder = folder
        self._project = project
        self._scheduler = scheduler

    @property
    def id(self) -> str:
        """The run's id, by which any process reattaches."""
        return self.record.id

    def status(self) -> RunStatus:
        """Where the run stands now; never raises for a scheduler that doesn't answer.

        Raises:
            CcdsError: the run's folder is damaged.
        """
        return statuses([self], self._scheduler)[0]

    def metrics(self, offset: int = 0) -> tuple[list[Metric], int]:
        """What the run has told from byte `offset` of its metrics on, and the offset to ask with next time.

        For a live curve: keep all that came and draw `curve()` of it. A resumed run tells some steps twice.
        """
        return read_metrics(self.folder.metrics, offset)

    def curve(self) -> list[Metric]:
        """The whole curve so far, each step once."""
        return curve(self.metrics()[0])

    def waits_for(self) -> str:
        """What the scheduler says that the run waits for; empty where it says nothing, or the run waits no more.

        Raises:
            CcdsError: the run's folder is damaged.
        """
        job = self.folder.starts()[-1].job
        if job is not None:
            with contextlib.suppress(SchedulerUnavailableError, UnknownJobError):
                explained = self._scheduler.explain(JobId(job))
                if explained.position:  # else it began in this moment
                    return explained.reason
        return ""

    def cancel(self) -> None:
        """Asks for the run's end; returns before it has come. A run that has ended stays as it is.

        Raises:
            CcdsError: it is somebody else's run, or it isn't known yet which job it is.
            ProjectAccessDenied: this person may not train here any more.
        """
        self._require_own("cancel")
        last = self.folder.starts()[-1]
        if last.job is None:
            raise CcdsError(
                expected="a run whose job is known", found="one whose last start was cut short", do="restart it first"
            )
        self._scheduler.cancel(JobId(last.job))

    def restart(self) -> None:
        """Starts the run again; it goes on from its last checkpoint.

        Safe to repeat: where a start was cut short before the scheduler's answer was noted, its job is adopted.

        Raises:
            CcdsError: it is somebody else's run, has finished, or may still be alive; or the training extra is missing.
            ProjectAccessDenied: this person may not train here any more.
            JobRefusedError: the scheduler will never run it.
            SchedulerUnavailableError: the scheduler doesn't answer; restart again later.
        """
        self._require_own("restart")
        need_training_extra()
        last = self.folder.starts()[-1]
        if last.job is None:
            self._submit(last)
            return
        state = self.status().state
        if not state.restartable:
            raise CcdsError(
                expected="a run that was stopped, cancelled or killed, or that failed",
                found=f"one that is {state}" + (", which counts as alive" if state is RunState.UNKNOWN else ""),
                do="launch a new run" if state is RunState.FINISHED else "wait for its end, or cancel it",
            )
        self._start(last.number + 1)

    def start(self) -> None:
        """Starts a run that was just made; `launch` calls it.

        Raises:
            JobRefusedError: the scheduler will never run it.
            SchedulerUnavailableError: the scheduler doesn't answer.
            CcdsError: the audit daemon of this session doesn't answer.
        """
        self._start(1)

    def _require_own(self, what: str) -> None:
        self._project.require(Action.TRAIN)
        if self.record.person != self._project.person:
            raise CcdsError(
                expected=f"your own run to {what}", found=f"one of {self.record.person}", do=f"ask {self.record.person}"
            )

    def _start(self, number: int) -> None:
        name = training_job(self.record.project, self.id, number)
        start = Start(number=number, job_name=name, person=self._project.person, when=datetime.now(UTC))
        self.folder.note(start)  # before the scheduler is asked: a crash in between loses no job
        self._submit(start)

    def _submit(self, start: Start) -> None:
        audit = job_variables(start.job_name, self.record.spec.wall_minutes)
        job = self._scheduler.submit(job_of(self.record, self.folder, start, audit))
        self.folder.note(start.model_copy(update={"job": str(job)}))


def job_of(record: RunRecord, folder: RunFolder, start: Start, audit: Mapping[str, str]) -> JobSpec:
    """The job of one start, as the scheduler gets it: batch work that yields and resumes.

    Args:
        record: the run.
        folder: its folder.
        start: which of its starts.
        audit: what the job's environment says about the audit log; see `ccds_kernel.audit.site.job_variables`.
    """
    spec = record.spec
    return JobSpec(
        name=start.job_name,
        # -P: a file in the run's folder must not take the place of a library.
        command=(sys.executable, "-P", "-u", "-m", _INSIDE, str(folder.path), str(start.number)),
        cwd=folder.path,
        log=folder.log,
        owner=record.person,
        env={"OMP_NUM_THREADS": str(spec.cpus), "PYTHONUTF8": "1", **audit},
        cpus=spec.cpus,
        memory_mb=spec.memory_mb,
        gpus=spec.gpus,
        wall_minutes=spec.wall_minutes,
        priority_class=PriorityClass.BATCH,
        requeueable=True,
    )


def open_run(project: Project, run_id: str, scheduler: Scheduler) -> Run:
    """Reattaches to a run of `project`, from any process.

    Raises:
        CcdsError: there is no such run, or its folder is damaged.
    """
    return Run(project, run_folder(project.folder, run_id), scheduler)


def runs_of(project: Project, scheduler: Scheduler) -> list[Run]:
    """Every run of `project`, the latest first."""
    return [Run(project, folder, scheduler) for folder in run_folders(project.folder)]


def statuses(runs: Sequence[Run], scheduler: Scheduler, *, explained: bool = True) -> list[RunStatus]:
    """Where these runs stand now: one question to the scheduler for all.

    Args:
        runs: any, of one project or several.
        scheduler: theirs.
        explained: whether the scheduler is asked, for each that waits, what for: one more question each.
    """
    lasts = [run.folder.starts()[-1] for run in runs]
    jobs = scheduler.status([JobId(last.job) for last in lasts if last.job is not None])
    return [
        _status(run, last, jobs[JobId(last.job)] if last.job is not None else None, explained=explained)
        for run, last in zip(runs, lasts, strict=True)
    ]


def _status(run: Run, last: Start, job: JobStatus | None, *, explained: bool) -> RunStatus:
    judged = judge(job, run.folder.exit_of(last.number))
    reason = judged.reason
    if judged.state is RunState.PENDING and not reason and explained:
        reason = run.waits_for()
    told = last_metric(run.folder.metrics)
    return RunStatus(
        state=judged.state,
        reason=reason,
        epoch=told.epoch if told else 0,
        epochs=run.record.spec.epochs,
        starts=last.number,
        requeues=job.requeues if job else 0,
        job=last.job,
    )
