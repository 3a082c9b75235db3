"""When the jobs of a run held their GPUs: what a training notes of its own time, for the report on the cluster.

`<run>/attempts/<when it began>.json`, one file for each time that a job of the run began: a start, and each time that it began
anew because its node was needed. It says again every minute that it is there, so that a training that is killed has told when
it was last alive, at most a minute before. Rejected: asking the scheduler, which forgets jobs; the wrapper's exit file, which
lies among the scheduler's files and goes with them.

A training goes on where it can't be noted: it only holds less time in the report.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from pydantic import AwareDatetime, Field

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.training.folder import RunFolder
from ccds_kernel.training.record import Record

EVERY_S = 60.0
"""Seconds between two words that it is alive."""

_NAME = "%Y%m%dT%H%M%S.%fZ.json"
_PRIVATE = 0o640


class Attempt(Record):
    """One time that a job of a run ran.

    Attributes:
        start: of which of the run's starts.
        gpus: how many it had.
        began: when it began.
        seen: when it was last known to run; when it ended, where it ended by itself.
    """

    start: int = Field(ge=1)
    gpus: int = Field(ge=0)
    began: AwareDatetime
    seen: AwareDatetime


@contextmanager
def noted_attempt(folder: RunFolder, start: int, every_s: float = EVERY_S) -> Iterator[None]:
    """Notes that start number `start` of the run in `folder` runs, from now on until the end, or until the process is killed."""
    began = datetime.now(UTC)
    path = folder.attempts / began.strftime(_NAME)
    ended = Event()

    def note() -> None:
        with contextlib.suppress(OSError, CcdsError):
            path.parent.mkdir(exist_ok=True, mode=0o750)
            gpus = folder.record.spec.gpus
            write_whole(path, Attempt(start=start, gpus=gpus, began=began, seen=datetime.now(UTC)).to_text(), _PRIVATE)

    def go_on() -> None:
        while not ended.wait(every_s):
            note()

    note()
    again = Thread(target=go_on, name="attempt", daemon=True)
    again.start()
    try:
        yield
    finally:
        ended.set()
        again.join()
        note()


def attempt_files(folder: RunFolder) -> list[Path]:
    """The files of all attempts of a run, the first one first; a run from before there were any has none."""
    return sorted(folder.attempts.glob("*.json"))
