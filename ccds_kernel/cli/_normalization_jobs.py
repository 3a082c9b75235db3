"""`ccds normalization` and the site's scheduler: `run --engine cluster`, `cancel`, what `show` says of jobs; and `left`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._normalization_left_out import tell_left_out
from ccds_kernel.cli._run_shown import follow, jobs_line

if TYPE_CHECKING:
    from ccds_kernel.batch import Scheduler
    from ccds_kernel.irb.project import Project
    from ccds_kernel.normalization.run_advice import Advised
    from ccds_kernel.normalization.runs import NormalizationRun
    from ccds_kernel.workflow.cluster_run import JobsNow

Advise = Callable[["Sequence[Advised]"], object]
"""Is told what `advised` found."""


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verbs."""
    summary = "stop a run, here or on the cluster; what is done stays, the same run goes on with the rest"
    cancel = verbs.add_parser("cancel", help=summary, description=summary)
    _add_project(cancel)
    cancel.add_argument("name", metavar="RUN", help="the recipe's name, or the beginning of its hash")
    cancel.set_defaults(run=_cancel)

    summary = "print the studies with volumes that a recipe wasn't applied to yet"
    left = verbs.add_parser(
        "left", help=summary, description=f"{summary}, by key. Those in quarantine aren't among them: nothing changed."
    )
    _add_project(left)
    left.add_argument("--recipe", metavar="RECIPE", type=Path, required=True, help="YAML file: name, steps, output")
    left.add_argument("--json", action="store_true", help="print one JSON list")
    left.set_defaults(run=_left)


def run_on_cluster(options: argparse.Namespace, advise: Advise) -> NormalizationRun | None:
    """Hands a run over; follows it where that is asked for, and returns how it is then.

    Raises:
        CcdsError: as `hand_over`; or the run that was followed didn't end in order.
    """
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.normalization.apply_file import read_recipe
    from ccds_kernel.normalization.runs import NormalizationRuns
    from ccds_kernel.normalization.runs_cluster import hand_over
    from ccds_kernel.workflow.cluster_run import controller_of
    from ccds_kernel.workflow.handing_over import WALL_MINUTES, WORKERS

    recipe = read_recipe(options.recipe)
    with _opened(options.project, Action.WRITE_IMAGES) as project:
        scheduler = scheduler_of(project.settings)
        said: list[Advised] = []
        before = controller_of(NormalizationRuns(project).folder(recipe))
        tell_left_out(project, options)

        def heard(found: Sequence[Advised]) -> None:
            said.extend(found)
            advise(found)

        controller = hand_over(
            project,
            recipe,
            scheduler,
            cohort=options.cohort,
            studies=options.study,
            again=options.again,
            workers=WORKERS if options.workers is None else options.workers,
            wall_minutes=WALL_MINUTES if options.wall_minutes is None else options.wall_minutes,
            advise=heard,
        )
        name = recipe.digest()
        if not options.follow:
            if options.json:
                document = {"project": project.id, "recipe": name, "job": controller.job}
                print(json.dumps({**document, "advice": [asdict(one) for one in said]}, indent=2))
            else:
                how = "is already" if controller == before else "handed to the scheduler as"
                print(
                    f"{recipe.name}  {name[:12]}  {how} job {controller.job}: "
                    f"'ccds normalization show --project {project.id} {name[:12]}' says how far it is"
                )
            return None
        return _follow(project, scheduler, name)


def _follow(project: Project, scheduler: Scheduler, name: str) -> NormalizationRun:
    from ccds_kernel.normalization.runs import NormalizationRuns
    from ccds_kernel.normalization.runs_cluster import jobs_of

    runs = NormalizationRuns(project)
    run = runs.get(name)
    progress = follow(lambda: jobs_of(project, run, scheduler), lambda: runs.get(name).progress, rest="the rest")
    return replace(run, progress=progress)


def jobs_lines(project: Project, run: NormalizationRun) -> list[str]:
    """What `show` says of the jobs of a run, by the scheduler's word."""
    line = jobs_line(jobs_of_run(project, run))
    return [line] if line else []


def jobs_of_run(project: Project, run: NormalizationRun) -> JobsNow | None:
    """How the jobs of a run are; None where it was never handed over to a scheduler."""
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.normalization.runs_cluster import jobs_of, was_handed_over

    return jobs_of(project, run, scheduler_of(project.settings)) if was_handed_over(project, run) else None


def _cancel(options: argparse.Namespace) -> None:
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.normalization.runs import NormalizationRuns
    from ccds_kernel.normalization.runs_cluster import cancel, was_handed_over

    with _opened(options.project, Action.WRITE_IMAGES) as project:
        runs = NormalizationRuns(project)
        if was_handed_over(project, runs.get(options.name)):
            run = cancel(project, options.name, scheduler_of(project.settings))
        else:
            run = runs.stop(options.name)
    print(f"{run.recipe.name}  {run.digest[:12]}  is told to stop")


def _left(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.normalization.apply_file import read_recipe
    from ccds_kernel.normalization.runs_left import studies_left

    recipe = read_recipe(options.recipe)
    with _opened(options.project, Action.READ_IMAGES) as project:
        studies = studies_left(project, recipe)
    if options.json:
        print(json.dumps(studies, indent=2))
    elif studies:
        print("\n".join(studies))
    else:
        print("no study is left", file=sys.stderr)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


@contextmanager
def _opened(project_id: str, action: Any) -> Iterator[Project]:  # noqa: ANN401 - an Action, imported late
    from ccds_kernel.irb.project import open_project

    with closing(open_project(project_id, action)) as project:
        yield project
