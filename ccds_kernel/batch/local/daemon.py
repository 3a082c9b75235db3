"""The one process that dispatches the jobs of a state folder: `python -m ccds_kernel.batch.local.daemon FOLDER`.

Clients start it when there is none; it goes into the background once it listens. A lock (flock) makes it the only one.
It may be killed at any moment: jobs go on, the next one reads the table and the exit files. It leaves by itself after ten
minutes without any job, and when its folder is removed. `--stop` ends it; with `--cancel-jobs` all jobs first.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ccds_kernel.batch.local import doorbell, lock
from ccds_kernel.batch.local.keeper import IDLE_S, Keeper
from ccds_kernel.batch.local.table import nothing_lives
from ccds_kernel.errors import CcdsError

_TROUBLE_S = 1.0
_MOST_STEPS = 50
_DAY_S = 24 * 3600.0

_log = logging.getLogger("ccds.batch.local")


class Daemon:
    """The loop: step while there is something to do, wait for a ring or the next moment."""

    def __init__(self, folder: Path, held: int, bell: int) -> None:
        self._folder = folder
        self._keeper = Keeper(folder)
        self._held = held
        self._bell = bell
        self._leaving = False
        self._forget_at = time.monotonic()
        # A signal that comes just before the wait wouldn't wake it: Python's handler runs only after that.
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_term)

    def run(self) -> None:
        """Returns when it is told to stop, is not needed any more, or its folder is gone."""
        while not self._leaving and self._keeper.table.exists:
            try:
                self._round()
            except (CcdsError, OSError) as error:  # a full disk, say: it may pass
                _log.warning("%s", error)
                doorbell.wait(self._bell, _TROUBLE_S)

    def _round(self) -> None:
        if time.monotonic() >= self._forget_at:
            self._keeper.forget_old(time.time())
            self._forget_at = time.monotonic() + _DAY_S
        for _ in range(_MOST_STEPS):
            self._reap()
            if not self._keeper.step(time.time()):
                break
        rest_s = self._keeper.rest_s(time.time())
        rung = doorbell.wait(self._bell, rest_s)
        if not rung and rest_s == IDLE_S:
            self.leave_if_idle()

    def leave_if_idle(self) -> None:
        """Closes door and lock when every job has ended."""
        with self._keeper.table.write() as db:
            self._leaving = nothing_lives(db)
            if self._leaving:
                # Inside the transaction: who submits after it finds nobody listening, no lock, and starts another.
                signal.set_wakeup_fd(-1)  # its number may soon be another file's
                os.close(self._bell)
                os.close(self._held)

    def _on_term(self, *_: object) -> None:
        self._leaving = True

    @staticmethod
    def _reap() -> None:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def start(folder: Path) -> int:
    """Becomes the daemon of `folder` in the background; returns at once when there is one already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = lock.take(folder)
    if held is None:
        return 0
    bell = doorbell.attend(folder)
    if pid := os.fork():
        lock.sign(held, pid)
        return 0  # whoever started us goes on: the daemon listens
    os.setsid()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        Daemon(folder, held, bell).run()
    except BaseException:
        _log.exception("the daemon ends")
        raise
    return 0


def _stop(folder: Path, *, cancel_jobs: bool) -> None:
    if not lock.path_of(folder).is_file():
        raise CcdsError(
            expected="the state folder of a local scheduler", found=str(folder), do="give the folder that it uses"
        )
    from ccds_kernel.batch.local.client import LocalScheduler  # noqa: PLC0415 - the daemon itself needs no client

    LocalScheduler(folder).shutdown(cancel_jobs=cancel_jobs)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status is 1 with one line on stderr when it can't be done."""
    parser = argparse.ArgumentParser(prog="python -m ccds_kernel.batch.local.daemon", description=__doc__)
    parser.add_argument("folder", type=Path, help="the state folder")
    parser.add_argument("--stop", action="store_true", help="end the daemon; jobs go on unless --cancel-jobs")
    parser.add_argument(
        "--cancel-jobs", action="store_true", help="with --stop: cancel all jobs and wait for their ends"
    )
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    try:
        if not options.stop:
            return start(folder)
        _stop(folder, cancel_jobs=options.cancel_jobs)
    except (CcdsError, OSError) as error:
        print(f"ccds: {error}", file=sys.stderr)  # noqa: T201 - a command's way to say what is wrong
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
