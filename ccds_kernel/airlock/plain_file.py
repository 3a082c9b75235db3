"""Reading a file of somebody's folder that must be what it seems: no link of any sort, no device, unchanged while it is read.

Every part of the name is opened from the one before, never through a link: between a look at a path and its opening somebody
could put another thing there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccds_kernel.errors import CcdsError

_CHUNK = 2**20


def read_in_chunks(folder: Path, name: str, largest: int) -> Iterator[bytes]:
    """The bytes of the file `name` in `folder`, as they were all the time.

    Args:
        folder: where the file's name begins.
        name: a relative one, checked by `check_name`.
        largest: most bytes.

    Raises:
        CcdsError: it isn't there, isn't readable, is a link (also a hard one), a folder or a device, is empty or too large, or
            changed meanwhile. The name is quoted, nothing else.
    """
    with _opened(folder, name) as handle:
        before = os.fstat(handle)
        _check_plain(before, name, largest)
        count = 0
        while chunk := os.read(handle, _CHUNK):
            count += len(chunk)
            if count > before.st_size:
                break
            yield chunk
        after = os.fstat(handle)
        if count != before.st_size or _version(before) != _version(after):
            raise CcdsError(
                expected=f"{name} to stay as it is while it is copied",
                found="that it changed",
                do="submit it when nothing writes it any more",
            )


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[int]:
    *folders, last = name.split("/")
    handle = -1
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = inner
        # NONBLOCK: a pipe that nobody writes would be waited for
        file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
    except OSError as error:
        raise CcdsError(
            expected=f"a plain file {name}, reached through no link",
            found=error.strerror or "an error",
            do="put the file itself there, and name it relative to the folder",
        ) from None
    finally:
        if handle >= 0:
            os.close(handle)
    try:
        yield file
    finally:
        os.close(file)


def _check_plain(found: os.stat_result, name: str, largest: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise CcdsError(expected=f"a plain file {name}", found="a folder, pipe or device", do="name files, one by one")
    if found.st_nlink != 1:
        raise CcdsError(
            expected=f"{name} to have one name", found=f"{found.st_nlink} hard links to it", do="submit a copy of it"
        )
    if not 0 < found.st_size <= largest:
        raise CcdsError(
            expected=f"{name} to have 1 to {largest:,} bytes",
            found=f"{found.st_size:,}",
            do="submit less, such as the numbers instead of what they were computed from",
        )


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
