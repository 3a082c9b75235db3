"""A controller's job, `python -m MODULE FOLDER`, but for what its stage does: the order is read, workers are at hand.

It runs as the person who handed it over. What it prints is in `controller.log`; how far it is, in the run's progress.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.audit.site import end_job_right
from ccds_kernel.batch import JobId
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings, load_settings
from ccds_kernel.store.transactions import DatabaseAwayError
from ccds_kernel.workflow.cluster_engine import ClusterEngine, WorkerOrder, own_address
from ccds_kernel.workflow.lease import SILENT_S, is_held_by_job_of
from ccds_kernel.workflow.own_folder import opened
from ccds_kernel.workflow.progress import RunState, write_progress
from ccds_kernel.workflow.run_folder import RunFolder


@dataclass(frozen=True)
class Desk:
    """What a controller has.

    Args:
        folder: of the person's own jobs.
        order: what it is to do, as JSON.
        settings: the site's.
    """

    folder: Path
    order: bytes
    settings: Settings = field(repr=False)

    def engine(self, *, project: str, run: str, person: str, workers: int, wall_minutes: float) -> ClusterEngine:
        """Workers that are jobs; see `WorkerOrder`."""
        scheduler = scheduler_of(self.settings)
        one_machine = self.settings.scheduler.engine == "local"
        here = "127.0.0.1" if one_machine else own_address(scheduler, JobId(os.environ["CCDS_JOB_ID"]))
        order = WorkerOrder(
            project=project, run=run, folder=self.folder, owner=person, count=workers, wall_minutes=wall_minutes
        )
        return ClusterEngine(scheduler, order, host=here)


def control(
    arguments: Sequence[str],
    work: Callable[[Desk], object],
    held: type[CcdsError],
    *,
    database: str | None = None,
    patience_s: float = 2 * SILENT_S,
    pause_s: float = 20.0,
) -> int:
    """Works; the exit status is 0 when every item came to its outcome, or somebody stopped it.

    Args:
        arguments: the folder.
        work: does it.
        held: what it raises where another run is at work. Mostly that is its own, of its life before this one, on another host
            that was lost: it is tried again until such a one would have been silent for long. So is a database that is away.
        database: the variable that holds the job's own right to the project's database, which is given back at the end; None
            where it has none.
        patience_s: how long it is tried again.
        pause_s: between two tries.
    """
    signal.signal(signal.SIGTERM, _interrupted)
    is_over = True
    try:
        with opened(Path(arguments[0])) as own:
            order = (own / "order.json").read_bytes()
        desk = Desk(Path(arguments[0]), order, load_settings())
        patient_until = time.monotonic() + patience_s
        while True:
            try:
                work(desk)
            except (held, DatabaseAwayError) as error:
                if time.monotonic() > patient_until:
                    # Where the same job's life before this one is at work, the right is that one's, too.
                    is_over = not (isinstance(error, held) and _is_own_life(Path(arguments[0])))
                    raise
                time.sleep(pause_s)
            else:
                return 0
    except KeyboardInterrupt:
        # A scheduler that makes room starts the job anew in a while, with the same right; whoever cancels it ends that, too.
        is_over = False
        return 1
    except CcdsError as error:
        sys.stderr.write(f"{error}\n")
        with suppress(OSError):  # who was turned away may have no access any more
            _no_longer_waits(RunFolder(Path(arguments[0]).parents[1]), error)
        return 1
    finally:
        if is_over and database and database in os.environ:
            end_job_right()


def _is_own_life(jobs_folder: Path) -> bool:
    run = RunFolder(jobs_folder.parents[1])
    return is_held_by_job_of(run.folder, jobs_folder.name.removeprefix("jobs-"))


def _no_longer_waits(folder: RunFolder, error: CcdsError) -> None:
    """Says why a run never began: else it would seem to wait for ever."""
    progress = folder.progress()
    if progress is not None and progress.state is RunState.WAITING:
        now = datetime.now(UTC)
        write_progress(folder.progress_file, replace(progress, state=RunState.BROKEN, ended_at=now, why=str(error)))


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
