"""`ccds training run | show | restart | cancel`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.batch import Scheduler
    from ccds_kernel.irb.project import Project
    from ccds_kernel.training.metrics import Metric
    from ccds_kernel.training.run import Run, RunStatus

_LOOK_S = 1.0


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "train a MONAI bundle on a project's volumes, as a batch job"
    run = verbs.add_parser(
        "run",
        help=summary,
        description=f"{summary}. The job yields to sessions and goes on by itself; the command only hands it over.",
    )
    _add_project(run)
    volumes = run.add_mutually_exclusive_group(required=True)
    volumes.add_argument(
        "--dataset",
        metavar="NAME",
        help="a dataset that 'ccds dataset snapshot' took: its training and validation volumes",
    )
    volumes.add_argument(
        "--datalist",
        type=Path,
        metavar="D.json",
        help='a list of {"image": path within the project, "label": 0 or 1, "split": "training" or "validation"}',
    )
    run.add_argument(
        "--bundle",
        default="classify3d",
        metavar="B",
        help="a bundle of ours, or a bundle's folder (default: classify3d)",
    )
    run.add_argument("--epochs", type=int, default=10, metavar="N", help="how many in all (default: 10)")
    run.add_argument("--batch-size", type=int, default=8, metavar="N", help="volumes per step (default: 8)")
    run.add_argument("--seed", type=int, default=0, metavar="N", help="fixes the random numbers (default: 0)")
    run.add_argument(
        "--image-size",
        type=int,
        metavar="N",
        help="voxels along each axis that volumes are brought to (default: the bundle's)",
    )
    run.add_argument("--learning-rate", type=float, metavar="R", help="the optimizer's (default: the bundle's)")
    run.add_argument("--gpus", type=int, default=1, metavar="N", help="0 or 1 (default: 1)")
    run.add_argument("--cpus", type=int, default=1, metavar="N", help="cores (default: 1)")
    run.add_argument("--memory-mb", type=int, default=4096, metavar="MiB", help="memory (default: 4096)")
    run.add_argument(
        "--wall-minutes", type=float, default=24 * 60.0, metavar="M", help="how long it may take (default: a day)"
    )
    _add_follow(run)
    run.add_argument("--json", action="store_true", help="print the run as one JSON document")
    run.set_defaults(run=_run)

    summary = "say where a project's runs stand, or one of them with its curve"
    show = verbs.add_parser("show", help=summary, description=summary)
    _add_project(show)
    show.add_argument("id", nargs="?", metavar="RUN", help="the run's id; all runs where it isn't given")
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=_show)

    summary = "start a run again that was stopped, cancelled or killed; it goes on from its last checkpoint"
    restart = verbs.add_parser("restart", help=summary, description=summary)
    _add_project(restart)
    restart.add_argument("id", metavar="RUN", help="the run's id")
    _add_follow(restart)
    restart.set_defaults(run=_restart)

    summary = "end a run; its checkpoints stay"
    cancel = verbs.add_parser("cancel", help=summary, description=summary)
    _add_project(cancel)
    cancel.add_argument("id", metavar="RUN", help="the run's id")
    cancel.set_defaults(run=_cancel)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


def _add_follow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--follow", action="store_true", help="print each epoch until the run ends; Ctrl-C leaves the run alone"
    )


def _opened(project_id: str) -> tuple[Project, Scheduler]:
    from ccds_kernel.batch.site import scheduler_of
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    project = open_project(project_id, Action.TRAIN, settings=settings)
    return project, scheduler_of(settings)


def _run(options: argparse.Namespace) -> None:
    from ccds_kernel.training.launch import launch
    from ccds_kernel.training.spec import TrainingSpec

    spec = TrainingSpec(
        datalist=options.datalist,
        dataset=options.dataset,
        bundle=options.bundle,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
        image_size=options.image_size,
        learning_rate=options.learning_rate,
        gpus=options.gpus,
        cpus=options.cpus,
        memory_mb=options.memory_mb,
        wall_minutes=options.wall_minutes,
    )
    project, scheduler = _opened(options.project)
    run = launch(project, spec, scheduler)
    if options.json:
        print(json.dumps(_as_json(run, run.status()), indent=2))
    else:
        print(f"run {run.id} handed to the scheduler")
    if options.follow:
        _follow(run)


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.training.run import runs_of, statuses

    if options.id is not None:
        run = _named(options)
        status, curve = run.status(), run.curve()
        if options.json:
            lines = [json.loads(metric.to_line()) for metric in curve]
            print(json.dumps({**_as_json(run, status), "metrics": lines}, indent=2))
            return
        print(_line(run, status))
        for metric in curve:
            if metric.closes_epoch:
                print(_epoch_line(metric))
        return
    project, scheduler = _opened(options.project)
    runs = runs_of(project, scheduler)
    found = list(zip(runs, statuses(runs, scheduler), strict=True))
    if options.json:
        print(json.dumps([_as_json(run, status) for run, status in found], indent=2))
        return
    for run, status in found:
        print(_line(run, status))
    if not found:
        print(f"no runs in {project.id} yet: ccds training run starts one")


def _restart(options: argparse.Namespace) -> None:
    run = _named(options)
    run.restart()
    print(f"run {run.id} handed to the scheduler again")
    if options.follow:
        _follow(run)


def _cancel(options: argparse.Namespace) -> None:
    run = _named(options)
    run.cancel()
    print(f"run {run.id} is told to end")


def _named(options: argparse.Namespace) -> Run:
    from ccds_kernel.training.run import open_run

    project, scheduler = _opened(options.project)
    return open_run(project, options.id, scheduler)


def _follow(run: Run) -> None:
    """Prints each epoch as it ends, and how the run ended; a run that went wrong is told as an error."""
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.training.state import RunState

    offset, told = 0, None
    while True:
        status = run.status()
        if (status.state, status.reason) != told and not status.state.ended:
            told = (status.state, status.reason)
            print(f"{status.state}" + (f": {status.reason}" if status.reason else ""), file=sys.stderr, flush=True)
        metrics, offset = run.metrics(offset)
        for metric in metrics:
            if metric.closes_epoch:
                print(_epoch_line(metric), flush=True)
        if status.state.ended:
            break
        time.sleep(_LOOK_S)
    if status.state is not RunState.FINISHED:
        raise CcdsError(
            expected=f"run {run.id} to finish",
            found=f"that it was {status.state}" + (f" ({status.reason})" if status.reason else ""),
            do=f"mend that, then 'ccds training restart --project {run.record.project} {run.id}'",
        )


def _line(run: Run, status: RunStatus) -> str:
    reason = f"  {status.reason}" if status.reason else ""
    return f"{run.id}  {status.state:<9}  epoch {status.epoch} of {status.epochs}  {run.record.person}{reason}"


def _epoch_line(metric: Metric) -> str:
    measured = "".join(
        f"  {name} {'–' if value is None else f'{value:.3f}'}" for name, value in metric.validation.items()
    )
    return f"epoch {metric.epoch:>4}  loss {metric.loss:.4f}{measured}  {metric.seconds:.1f} s"


def _as_json(run: Run, status: RunStatus) -> dict[str, object]:
    record = run.record.model_dump(mode="json")
    del record["spec"]["datalist"]  # a path of whoever asked; the run has its copy
    return {
        **record,
        "state": status.state.value,
        "reason": status.reason,
        "epoch": status.epoch,
        "starts": status.starts,
        "requeues": status.requeues,
        "job": status.job,
    }
