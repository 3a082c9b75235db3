"""The controller's job of a run on the cluster: `python -m ccds_kernel.normalization.runs_controller FOLDER`.

It runs as the person who handed it over, opens the project by its only door, and does what `ccds normalization run` does, with
workers that are jobs. What it prints is in `controller.log`; how far it is, in the run's progress.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ccds_kernel.batch import JobId
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_volumes import run_volumes
from ccds_kernel.normalization.runs_cluster import ORDER
from ccds_kernel.settings import load_settings
from ccds_kernel.workflow.cluster_engine import ClusterEngine, WorkerOrder, own_address
from ccds_kernel.workflow.lease import SILENT_S, LeaseHeldError
from ccds_kernel.workflow.own_folder import opened

_AGAIN_S = 20.0


def main(arguments: Sequence[str]) -> int:
    """Runs it; the exit status is 0 when every volume came to its outcome, or somebody stopped it."""
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        _work(Path(arguments[0]))
    except KeyboardInterrupt:
        return 1
    except CcdsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _work(folder: Path) -> None:
    with opened(folder) as own:
        order = ORDER.validate_json((own / "order.json").read_bytes())
    settings = load_settings()
    scheduler = scheduler_of(settings)
    recipe = Recipe.from_yaml(order.recipe)
    here = (
        "127.0.0.1"
        if settings.scheduler.engine == "local"
        else own_address(scheduler, JobId(os.environ["CCDS_JOB_ID"]))
    )
    with closing(open_project(order.project, Action.WRITE_IMAGES, settings=settings)) as project:
        workers = WorkerOrder(
            project=project.id,
            run=recipe.digest()[:16],
            folder=folder,
            owner=project.person,
            count=order.workers,
            wall_minutes=order.wall_minutes,
        )
        engine = ClusterEngine(scheduler, workers, host=here)
        patient_until = time.monotonic() + 2 * SILENT_S
        while True:
            try:
                run_volumes(project, recipe, engine, cohort=order.cohort, studies=order.studies, again=order.again)
            except LeaseHeldError:
                # Mostly its own, of its life before this one, on another host that was lost.
                if time.monotonic() > patient_until:
                    raise
                time.sleep(_AGAIN_S)
            else:
                return


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
