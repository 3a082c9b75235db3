"""How many studies are fetched at once, over all workers of the site: a timetable is the archive's, not a project's.

A slot is a lock on a file of the folder in which studies of all projects are staged: its holder's death lets it go. Whoever finds
none waits, and says so by a lock on another file, which all who wait share. Whoever has just had one and finds somebody waiting
waits as well, so that a long queue doesn't keep the short ones from their turn.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed

LOOK_AGAIN_S = 1.0
"""After how long whoever waits looks again."""

_SLOT, _WAITING, _WORK = ".slot-", ".waiting", ".work"


class Slots:
    """The slots of one worker; used by its own thread.

    Args:
        folder: of all projects' staging.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[int] = []
        self._waiting: int | None = None

    @property
    def held(self) -> int:
        """How many this worker holds."""
        return len(self._held)

    def take(self, most: int) -> bool:
        """Takes one of `most`; whether there was one.

        Raises:
            CcdsError: the folder can't be written.
        """
        if self._waiting is None and self._somebody_waits():
            self._wait()
            return False
        for place in range(most):
            handle = _locked(self._folder / f"{_SLOT}{place}")
            if handle is not None:
                self._held.append(handle)
                self.wait_no_more()
                return True
        if self._waiting is None:
            self._wait()
        return False

    def give_back(self) -> None:
        """Lets one of those go that this worker holds."""
        os.close(self._held.pop())

    def wait_no_more(self) -> None:
        """Says that this worker waits for none."""
        if self._waiting is not None:
            os.close(self._waiting)
            self._waiting = None

    def _wait(self) -> None:
        self._waiting = _locked(self._folder / _WAITING, fcntl.LOCK_SH)

    def _somebody_waits(self) -> bool:
        handle = _locked(self._folder / _WAITING)
        if handle is None:
            return True
        os.close(handle)
        return False


@contextmanager
def one_for_all(folder: Path) -> Iterator[bool]:
    """Whether this program is the only one that fetches for all projects; meanwhile it is.

    Args:
        folder: of all projects' staging.

    Raises:
        CcdsError: it can't be written.
    """
    handle = _locked(folder / _WORK)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def _locked(path: Path, how: int = fcntl.LOCK_EX) -> int | None:
    """An open file that is locked as long as it is open; None where another program has it locked."""
    try:
        make_closed(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CcdsError(
            expected="a staging folder in which this program may lock files",
            found=error.strerror or "an error",
            do="let one account fetch for all, or see archive.staging",
        ) from None
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
