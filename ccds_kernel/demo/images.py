"""The demo's image series in a project: as DICOM files, and converted to NIfTI by the imaging stage, as a project's are.

One task a series, on all cores. A task does nothing where its work is done; what it makes appears whole or not at all, so
that after a kill the next start goes on where this one ended. Processes are spawned, not forked (the parent may have
threads), leave Ctrl-C to their parent, and end with it, however it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.demo.case import Case
from ccds_kernel.demo.dicom import write_series
from ccds_kernel.demo.volumes import imaged_cases, make_series
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.series import find_series
from ccds_kernel.imaging.verdict import Status
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.study_key import study_key, study_key_secret

MOST_PROCESSES = 8
"""More than these wait for the disk."""


@dataclass(frozen=True, slots=True)
class ImageTask:
    """One series to be made.

    Args:
        case: the truth of its study.
        seed: of the population.
        dicom: `<project>/dicom/<study key>`.
        nifti: `<project>/nifti/<study key>`.
    """

    case: Case
    seed: int
    dicom: Path
    nifti: Path

    @property
    def series(self) -> Path:
        """The folder of the DICOM files."""
        return self.dicom / "1"

    @property
    def done(self) -> bool:
        """Whether both are there: files appear in place when they are whole, a volume after its sidecar."""
        return self.series.exists() and any(self.nifti.glob("*.nii.gz"))


def image_tasks(project: Project, seed: int, n: int) -> list[ImageTask]:
    """One for each of the first `n` studies that have images."""
    secret, folder = study_key_secret(project.store), project.folder
    keys = [(case, study_key(secret, case.accession)) for case in imaged_cases(seed, n)]
    return [ImageTask(case, seed, folder / "dicom" / key, folder / "nifti" / key) for case, key in keys]


def make_images(tasks: list[ImageTask]) -> Iterator[int]:
    """Does those of `tasks` that aren't done; yields, again and again, how many are.

    Raises:
        CcdsError: a series wasn't accepted, or there is no room.
    """
    for folder in {task.nifti.parent for task in tasks}:
        _remove_hidden(folder)
    waiting = [task for task in tasks if not task.done]
    done = len(tasks) - len(waiting)
    yield done
    if not waiting:
        return
    pool = ProcessPoolExecutor(
        min(MOST_PROCESSES, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_depend_on_parent,
    )
    try:
        for finished in as_completed([pool.submit(make_one, task) for task in waiting]):
            finished.result()
            done += 1
            yield done
    finally:
        pool.shutdown(cancel_futures=True)


def make_one(task: ImageTask) -> None:
    """Writes the series and converts it, where that isn't done.

    Raises:
        CcdsError: the series wasn't accepted, or there is no room.
    """
    _remove_hidden(task.dicom)
    if not task.series.exists():
        write_series(make_series(task.case, task.seed), task.series)
    for series in find_series(task.series).series:
        verdict = convert_series(series, task.nifti.parent, study_folder=task.nifti.name)
        if verdict.status is not Status.ACCEPTED:
            raise CcdsError(
                expected="every synthetic series to be accepted",
                found=f"one that was not: {verdict.reason}",
                do="remove the demo's folder and start again",
            )


def _remove_hidden(folder: Path) -> None:
    """Removes what a start that was killed left half made: it stands under a hidden name until it is complete."""
    for left in folder.glob(".*"):
        shutil.rmtree(left, ignore_errors=True)


def _depend_on_parent() -> None:
    """Leaves Ctrl-C to the parent, and ends when it does: a worker waits for work for ever where nobody gives it any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
