"""A folder of one person inside one that many may write: used only as long as it is theirs, and no other may enter it.

Whoever may write the folder around it can rename it and put another in its place, also between a look and the next. So the
folder is opened once and looked at open, and what is in it is reached through the open folder, not by its name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.errors import CcdsError

_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """A path that leads to what `folder` is now, whatever takes its name meanwhile; good in this process, until the end.

    Raises:
        CcdsError: it is somebody else's, others may enter it, or it is a link.
        FileNotFoundError: it isn't there.
        OSError: it can't be opened.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NotADirectoryError:
        raise _not_own("a link, or no folder") from None
    try:
        known = os.fstat(handle)
        if known.st_uid != os.geteuid():
            raise _not_own("somebody else's")
        if known.st_mode & _FOR_OTHERS:
            raise _not_own(f"mode {stat.S_IMODE(known.st_mode):04o}")
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _not_own(found: str) -> CcdsError:
    return CcdsError(
        expected="the folder of this run's jobs (.run/jobs-…) to be yours, and closed to others",
        found=found,
        do="see who made it, remove it, and start the run again",
    )
