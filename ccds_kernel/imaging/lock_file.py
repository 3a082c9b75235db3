"""A lock that is a file's: it holds between processes, on whatever host has the folder, and ends with whoever has it.

A lock in memory would hold in one process only, one of the database's not on SQLite. The file goes when the lock is given
back, so that none is left for each study that ever was; whoever waited for it then makes one anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO


def locked(path: Path, *, wait: bool) -> AbstractContextManager[None] | None:
    """The lock of `path`, made in a folder that is there, to be held by `with`; None where another has it and we don't `wait`.

    Raises:
        OSError: it can't be made.
    """
    while True:
        lock = path.open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            lock.close()
            return None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return _held(lock, path)
        lock.close()  # whoever had it has removed it meanwhile


@contextmanager
def _held(lock: BinaryIO, path: Path) -> Iterator[None]:
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is held: whoever waits for it sees that it has no name any more
