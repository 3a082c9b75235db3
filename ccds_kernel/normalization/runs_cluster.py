"""A recipe run over a project's volumes by jobs of the site's scheduler: handed over here, done in `runs_controller`.

What a person is told while the job waits is the scheduler's word (`jobs_of`); how far the run is stands where that of every
other run does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ccds_kernel.batch import Scheduler
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_advice import Advised, advised
from ccds_kernel.normalization.runs import RECIPE_FILE, NormalizationRun, NormalizationRuns
from ccds_kernel.workflow import handing_over
from ccds_kernel.workflow.cluster_engine import ClusterEngine, check_workers, most_memory_of
from ccds_kernel.workflow.cluster_run import ClusterRun, Controller, JobsNow, controller_of
from ccds_kernel.workflow.handing_over import WALL_MINUTES, WORKERS, own_alive
from ccds_kernel.workflow.left import left_of
from ccds_kernel.workflow.own_folder import opened
from ccds_kernel.workflow.tally import Tally, begun

_CONTROLLER = "ccds_kernel.normalization.runs_controller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the controller is to do.

    Args:
        project: the project's id.
        recipe: as YAML.
        volumes: the ids of those that were to be taken when it was handed over: jobs can't ask the database for cohort and
            verdicts, and what comes meanwhile nobody has accepted.
        again: see `run_volumes`.
        workers: how many at once.
        wall_minutes: of each worker's job.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    project: str
    recipe: str
    volumes: tuple[str, ...]
    again: bool
    workers: int
    wall_minutes: float


ORDER = TypeAdapter(Order)


def hand_over(
    project: Project,
    recipe: Recipe,
    scheduler: Scheduler,
    *,
    cohort: str | None = None,
    studies: Collection[str] | None = None,
    again: bool = False,
    workers: int = WORKERS,
    wall_minutes: float = WALL_MINUTES,
    advise: Callable[[Sequence[Advised]], object] = lambda _: None,
) -> Controller:
    """Hands the run over to the scheduler; returns when that has it. While such a run lives, that one stays.

    Args:
        project: in which, opened by whoever it runs for.
        recipe: what is done.
        scheduler: the site's.
        cohort: see `run_volumes`, as of `studies` and `again`.
        studies: see there.
        again: see there.
        workers: how many at once, as far as there is room.
        wall_minutes: how long each job may take; handed over again afterwards, the rest is done.
        advise: see `run_volumes`.

    Raises:
        ProjectAccessDenied: this person may not.
        CcdsError: no volumes; a run of the recipe is at work, somebody else's or of other studies; the folder can't be written,
            or the audit daemon doesn't answer.
        JobRefusedError: the scheduler will never run it.
        SchedulerUnavailableError: the scheduler doesn't answer: hand it over again.
    """
    project.require(Action.WRITE_IMAGES)
    check_workers(workers)
    runs = NormalizationRuns(project)
    items = runs.items(recipe, cohort=cohort, studies=studies)
    advise(advised(recipe, (item.source for item in items)))
    run = _run(project, recipe, scheduler)
    order = Order(
        project=project.id,
        recipe=recipe.to_yaml(),
        volumes=tuple(item.key for item in items),
        again=again,
        workers=min(workers, len(items)),
        wall_minutes=wall_minutes,
    )
    alive = own_alive(run)
    if alive is not None:
        _check_same(run, order)
        return alive
    tally = Tally(begun("normalization", recipe.digest(), ClusterEngine.name, project.person, len(items)))
    left, settled = left_of(items, runs.operator(recipe), run.folder, partial(most_memory_of, scheduler), again=again)
    for record in settled:
        tally.keep(record)
    waits = tally.progress(running=0, waiting=len(left), workers=0)
    try:
        run.folder.folder.mkdir(parents=True, exist_ok=True)
        if not (run.folder.into / RECIPE_FILE).exists():
            write_whole(run.folder.into / RECIPE_FILE, recipe.to_yaml(), 0o664)
    except OSError as error:
        raise run.not_written(error) from error
    return handing_over.hand_over(
        run, _CONTROLLER, asdict(order), waits, workers=order.workers, wall_minutes=wall_minutes
    )


def _check_same(run: ClusterRun, order: Order) -> None:
    """Refuses to take the run that lives for one of other volumes: these would never be done, and nobody told."""
    try:
        with opened(run.jobs_folder) as own:
            at_work = ORDER.validate_json((own / "order.json").read_bytes())
    except (OSError, ValidationError):
        return  # of an earlier version, say: nothing to compare with
    if (at_work.volumes, at_work.again) != (order.volumes, order.again):
        raise CcdsError(
            expected="the run of this recipe that is at work to be of the same volumes",
            found="one of others",
            do="wait for it, or end it with 'ccds normalization cancel', and hand this one over then",
        )


def was_handed_over(project: Project, run: NormalizationRun) -> bool:
    """Whether `run` was ever given to a scheduler: where it wasn't, none has to be asked for it."""
    return controller_of(NormalizationRuns(project).folder(run.recipe)) is not None


def jobs_of(project: Project, run: NormalizationRun, scheduler: Scheduler) -> JobsNow | None:
    """How the jobs of `run` are, by the scheduler's word; None where it was never handed over to one."""
    return _run(project, run.recipe, scheduler).now()


def cancel(project: Project, name: str, scheduler: Scheduler) -> NormalizationRun:
    """Ends the run that people call `name`, wherever it is: what is done stays, the same run goes on with the rest.

    Here and on the cluster it hears within seconds that it is to stop. One that waits with the scheduler is taken back; one that
    doesn't hear has its jobs ended when this is called again.

    Raises:
        ProjectAccessDenied: this person may not.
        CcdsError: there is no such run, or it is neither at work nor waits; its jobs are somebody else's.
        SchedulerUnavailableError: the scheduler doesn't answer.
    """
    project.require(Action.WRITE_IMAGES)
    runs = NormalizationRuns(project)
    run = runs.get(name)
    handing_over.end(_run(project, run.recipe, scheduler))
    return runs.get(name)


def _run(project: Project, recipe: Recipe, scheduler: Scheduler) -> ClusterRun:
    folder = NormalizationRuns(project).folder(recipe)
    return ClusterRun(
        project.id, recipe.digest(), folder, project.person, scheduler,
        what="this recipe", show="ccds normalization show", made="normalized",
    )  # fmt: skip
