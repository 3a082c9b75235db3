"""`ccds imaging volumes --engine cluster`, and `ccds imaging conversion`, which looks after the run that was begun last."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._run_shown import counted, follow, jobs_as_json, jobs_line, pace

if TYPE_CHECKING:
    from ccds_kernel.batch import Scheduler
    from ccds_kernel.imaging.studies.convert_cluster import HandedOver
    from ccds_kernel.imaging.studies.convert_run import Converted
    from ccds_kernel.irb.project import Project
    from ccds_kernel.workflow.cluster_run import JobsNow
    from ccds_kernel.workflow.progress import Progress

_GOES_ON = "'ccds imaging volumes' with the same engine goes on with those that wait"


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verb."""
    summary = "say how far the run is that converts a project's studies by workers, or end it"
    conversion = verbs.add_parser(
        "conversion", help=summary, description=f"{summary}; what is done stays. It is the one that was begun last."
    )
    conversion.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    conversion.add_argument("--cancel", action="store_true", help="end it, here or on the cluster")
    conversion.add_argument("--json", action="store_true", help="print one JSON document")
    conversion.set_defaults(run=_conversion)


def convert_on_cluster(project: Project, study_keys: Sequence[str], options: argparse.Namespace) -> Converted | None:
    """Hands the conversions over; follows them where that is asked for, and returns what became of the studies then.

    Raises:
        CcdsError: as `hand_over`; or the run that was followed didn't end in order.
    """
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.imaging.studies.convert_cluster import hand_over
    from ccds_kernel.workflow.handing_over import WALL_MINUTES, WORKERS

    scheduler = scheduler_of(project.settings)
    handed = hand_over(
        project,
        study_keys,
        scheduler,
        workers=WORKERS if options.workers is None else options.workers,
        wall_minutes=WALL_MINUTES if options.wall_minutes is None else options.wall_minutes,
    )
    if options.follow:
        return _follow(project, scheduler, handed)
    if options.json:
        print(json.dumps({"project": project.id, "studies": len(handed.order.studies), "job": handed.controller.job}))
    else:
        how = "handed to the scheduler as" if handed.new else "are already"
        print(
            f"{len(handed.order.studies)} studies {how} job {handed.controller.job}: "
            f"'ccds imaging conversion --project {project.id}' says how far it is"
        )
    return None


def _follow(project: Project, scheduler: Scheduler, handed: HandedOver) -> Converted:
    from ccds_kernel.imaging.studies.convert_cluster import cluster_run
    from ccds_kernel.imaging.studies.convert_run import what_became

    run = cluster_run(project, scheduler)
    progress = follow(run.now, run.folder.progress, rest="those that wait", doing="converting", unit="studies")
    return what_became(project, handed.order.studies, handed.order.digest, progress)


def _conversion(options: argparse.Namespace) -> None:
    from ccds_kernel.imaging.studies.convert_run import run_folder

    with _opened(options.project, write=options.cancel) as project:
        if options.cancel:
            _end(project)
        progress, jobs = run_folder(project).progress(), _jobs(project)
    if options.json:
        said = None if progress is None else {**progress.as_json(), "state": progress.now()}
        print(
            json.dumps({"project": project.id, "run": said, "jobs": jobs_as_json(jobs)}, indent=2, ensure_ascii=False)
        )
    elif options.cancel:
        print("the run is told to stop")
    elif progress is None:
        print("no run yet: 'ccds imaging volumes --engine local', or cluster, begins one")
    else:
        print("\n".join([*_lines(progress), *filter(None, [jobs_line(jobs)])]))


def _end(project: Project) -> None:
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.imaging.studies.convert_cluster import cluster_run, was_handed_over
    from ccds_kernel.imaging.studies.convert_run import run_folder
    from ccds_kernel.workflow.handing_over import end
    from ccds_kernel.workflow.stopping import stop

    if was_handed_over(project):
        end(cluster_run(project, scheduler_of(project.settings)))
    else:
        stop(run_folder(project))


def _jobs(project: Project) -> JobsNow | None:
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.imaging.studies.convert_cluster import cluster_run, was_handed_over

    return cluster_run(project, scheduler_of(project.settings)).now() if was_handed_over(project) else None


def _lines(progress: Progress) -> list[str]:
    from ccds_kernel.workflow.manifest import told
    from ccds_kernel.workflow.progress import RunState

    state = progress.now()
    lines = [f"{state}, {progress.engine}, {progress.person}", counted(progress, "studies")]
    if state is RunState.RUNNING:
        lines.append(pace(progress, "studies"))
    elif state not in {RunState.WAITING, RunState.ENDED}:
        lines.append(f"{progress.why or 'no sign of life'}; {_GOES_ON}")
    return lines + [told(reason, count) for reason, count in progress.reasons.items()]


@contextmanager
def _opened(project_id: str, *, write: bool) -> Iterator[Project]:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    with closing(open_project(project_id, Action.WRITE_IMAGES if write else Action.READ_IMAGES)) as project:
        yield project
