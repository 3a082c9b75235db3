"""Handing a run over to the site's scheduler, and ending it wherever it is: what the runs of all stages have in common.

A run waits, in its progress, from the moment before its controller's job is the scheduler's: so a page or command that looks
meanwhile sees it, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ccds_kernel.audit.site import end_job_right, job_variables
from ccds_kernel.batch import JobRefusedError, JobState
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import settings_file
from ccds_kernel.workflow.cluster_engine import ClusterEngine
from ccds_kernel.workflow.cluster_run import ClusterRun, Controller
from ccds_kernel.workflow.job_names import CONTROLLER, RunJob
from ccds_kernel.workflow.lease import is_held
from ccds_kernel.workflow.progress import Progress, RunState
from ccds_kernel.workflow.stopping import stop

WORKERS = 8
"""How many are asked for where nobody says how many; each takes a core where one is free."""
WALL_MINUTES = 24 * 60.0


def own_alive(run: ClusterRun) -> Controller | None:
    """The controller of the person's own run, by the scheduler's word alive; None where there is none.

    Raises:
        CcdsError: somebody else's run lives, or one that isn't on the cluster is at work.
        SchedulerUnavailableError: the scheduler doesn't answer.
    """
    alive = run.own_alive()
    if alive is not None:
        return alive
    before = run.folder.progress()
    # A run that still looks alive may have been killed a moment ago. One on the cluster was: its job isn't alive.
    if (
        before is not None
        and before.engine != ClusterEngine.name
        and before.state is RunState.RUNNING
        and is_held(run.folder.folder)
    ):
        raise CcdsError(
            expected=f"nobody else who runs {run.what} in the project",
            found=f"a run of {before.person}",
            do=f"wait for it or stop it; '{run.show}' says how far it is",
        )
    return None


def hand_over(
    run: ClusterRun,
    module: str,
    order: Mapping[str, object],
    waits: Progress,
    *,
    workers: int,
    wall_minutes: float,
    database: str | None = None,
) -> Controller:
    """Hands the run's controller over; returns when the scheduler has it.

    Args:
        run: which.
        module: the controller's; see `ClusterRun.submit`, as of the others.
        order: what it is to do.
        waits: the run's progress until it begins.
        workers: how many at once, as far as there is room.
        wall_minutes: how long each job may take.
        database: see `job_variables`; where the scheduler doesn't take the job, its right ends at once.

    Raises:
        CcdsError: as `ClusterRun.submit`, `job_variables`.
        JobRefusedError: the scheduler will never run it.
        SchedulerUnavailableError: the scheduler doesn't answer: hand it over again.
    """
    job = RunJob(run.project, run.run, CONTROLLER).name
    rights = job_variables(job, wall_minutes, database=database)
    told = {"CCDS_CONFIG": str(settings_file().absolute()), **rights}
    if "CCDS_PROJECT" in os.environ:
        told["CCDS_PROJECT"] = os.environ["CCDS_PROJECT"]
    before, is_taken = run.controller(), False
    try:
        run.keep(replace(waits, state=RunState.WAITING))
        controller = run.submit(module, order, workers=workers, wall_minutes=wall_minutes, env=told)
        is_taken = controller != before  # that one came to life meanwhile
    except JobRefusedError as error:
        run.keep(replace(waits, state=RunState.BROKEN, ended_at=datetime.now(UTC), why=str(error)))
        raise
    except BaseException:
        # A scheduler that was asked may have the job, whatever went wrong. It wasn't asked where the note is the one of before.
        is_taken = run.controller() != before
        raise
    finally:
        if database in rights and not is_taken:
            end_job_right(env=rights)
    return controller


def end(run: ClusterRun) -> None:
    """Ends the run, wherever it is: what is done stays, the same run goes on with the rest.

    Here and on the cluster it hears within seconds that it is to stop. One that waits with the scheduler is taken back; one that
    doesn't hear has its jobs ended when this is called again.

    Raises:
        CcdsError: it is neither at work nor waits; or its jobs are somebody else's.
        SchedulerUnavailableError: the scheduler doesn't answer.
    """
    state, progress = run.state(), run.folder.progress()
    is_here = progress is not None and progress.now() is RunState.RUNNING and progress.engine != ClusterEngine.name
    if state is None or state.ended or progress is None or is_here:
        stop(run.folder)
    elif state is JobState.RUNNING and progress.now() is RunState.RUNNING and not run.folder.is_to_stop():
        run.folder.ask_to_stop()
    else:
        run.end()
        run.keep(replace(progress, state=RunState.STOPPED, ended_at=datetime.now(UTC), why="somebody cancelled it"))
        end_job_right(RunJob(run.project, run.run, CONTROLLER).name)  # a job that never began can't give it back
