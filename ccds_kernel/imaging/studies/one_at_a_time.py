"""Who makes the volumes of a study holds its lock meanwhile.

A run, the command and whoever lets a reason pass may meet at one study. Each of them reads what is chosen and let pass, converts,
moves what isn't a volume any more, and says what became of it: in turns, or one would set aside what another has just made and
told of. A lock in memory would hold in one process only, one of the database's not on SQLite.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ccds_kernel.errors import CcdsError


@contextmanager
def making(folder: Path, study_key: str) -> Iterator[None]:
    """Waits until nobody else makes the volumes of a study below `folder`, and keeps others away. It ends with this process.

    Raises:
        CcdsError: `folder` can't be written.
    """
    path = folder / f".making-{study_key}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _taken(path)
    except OSError as error:
        raise CcdsError(
            expected="to write the project's volumes",
            found=error.strerror or "an error",
            do="ask the administrators of this site",
        ) from None
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is held: whoever waits for it sees that it has no name any more


def _taken(path: Path) -> BinaryIO:
    while True:
        lock = path.open("ab")
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        except FileNotFoundError:
            pass
        lock.close()  # whoever held it has removed it
