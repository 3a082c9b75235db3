"""A project's conversions by jobs of the site's scheduler: handed over here, done in `convert_controller`.

The controller alone has the project's database and the audit log, as the person who handed the run over; workers have the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ccds_kernel.batch import Scheduler
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.convert_run import checked_studies, new_digest, run_folder
from ccds_kernel.irb.database import VARIABLE
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings
from ccds_kernel.workflow import handing_over
from ccds_kernel.workflow.cluster_engine import ClusterEngine, check_workers
from ccds_kernel.workflow.cluster_run import ClusterRun, Controller, controller_of
from ccds_kernel.workflow.handing_over import WALL_MINUTES, WORKERS, own_alive
from ccds_kernel.workflow.job_names import run_of
from ccds_kernel.workflow.own_folder import opened
from ccds_kernel.workflow.tally import begun

_CONTROLLER = "ccds_kernel.imaging.studies.convert_controller"
_NAME = hashlib.sha256(b"conversion").hexdigest()
RUN = run_of(_NAME)
"""What a project's conversions are called in their jobs' names: there is one run at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the controller is to do.

    Args:
        project: the project's id.
        studies: which, by key.
        digest: the run's own: a controller that begins anew goes on with what the one before left.
        workers: how many at once.
        wall_minutes: of each worker's job.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    project: str
    studies: tuple[str, ...]
    digest: str
    workers: int
    wall_minutes: float


ORDER = TypeAdapter(Order)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A run that the scheduler has.

    Args:
        controller: its job.
        order: what it does.
        new: whether it was handed over just now; else it was alive already.
    """

    controller: Controller
    order: Order
    new: bool


def hand_over(
    project: Project,
    study_keys: Iterable[str],
    scheduler: Scheduler,
    *,
    workers: int = WORKERS,
    wall_minutes: float = WALL_MINUTES,
) -> HandedOver:
    """Hands the conversion of studies over to the scheduler; returns when that has it. While a run of them lives, that one stays.

    Args:
        project: in which, opened by whoever it runs for.
        study_keys: which; at least one.
        scheduler: the site's.
        workers: how many at once, as far as there is room.
        wall_minutes: how long each job may take; handed over again afterwards, what still waits is done.

    Raises:
        ProjectAccessDenied: this person may not.
        CcdsError: no such study; the database is one of this host only; a run is at work, somebody else's or of other studies;
            the folder can't be written, or the audit daemon doesn't answer or gives the job no right to the database.
        JobRefusedError: the scheduler will never run it.
        SchedulerUnavailableError: the scheduler doesn't answer: hand it over again.
    """
    project.require(Action.WRITE_IMAGES)
    check_workers(workers)
    check_database(project.settings)
    keys = checked_studies(project, study_keys)
    run = cluster_run(project, scheduler)
    alive = own_alive(run)
    if alive is not None:
        return HandedOver(alive, _order_at_work(run, keys), new=False)
    order = Order(
        project=project.id,
        studies=tuple(keys),
        digest=new_digest(),
        workers=min(workers, len(keys)),
        wall_minutes=wall_minutes,
    )
    waits = begun("convert", order.digest, ClusterEngine.name, project.person, len(keys))
    controller = handing_over.hand_over(
        run,
        _CONTROLLER,
        asdict(order),
        waits,
        workers=order.workers,
        wall_minutes=wall_minutes,
        database=None if project.settings.database.engine == "sqlite" else VARIABLE,
    )
    return HandedOver(controller, order, new=True)


def check_database(settings: Settings) -> None:
    """Refuses a database that the controller may not reach, or mustn't.

    Raises:
        CcdsError: it is a file, while jobs run on other hosts.
    """
    if settings.database.engine == "sqlite" and settings.scheduler.engine != "local":
        raise CcdsError(
            expected="a database that every host reaches, as PostgreSQL is",
            found="SQLite, whose file may be written from one host only",
            do="take --engine local, or see docs/running.md for PostgreSQL",
        )


def cluster_run(project: Project, scheduler: Scheduler) -> ClusterRun:
    """The project's conversions on the cluster."""
    return ClusterRun(
        project.id, _NAME, run_folder(project), project.person, scheduler,
        what="conversions", show="ccds imaging conversion", made="nifti",
    )  # fmt: skip


def was_handed_over(project: Project) -> bool:
    """Whether conversions were ever given to a scheduler: where they weren't, none has to be asked."""
    return controller_of(run_folder(project)) is not None


def _order_at_work(run: ClusterRun, keys: Iterable[str]) -> Order:
    """What the run that lives does.

    Raises:
        CcdsError: other studies than these: they would never be done, and nobody told.
    """
    with suppress(OSError, ValidationError), opened(run.jobs_folder) as own:
        order = ORDER.validate_json((own / "order.json").read_bytes())
        if set(keys) <= set(order.studies):
            return order
    raise CcdsError(
        expected="the run that is at work to be of the same studies",
        found="one of others",
        do="wait for it, or end it with 'ccds imaging conversion --cancel', and hand these over then",
    )
