"""How clients and wrappers wake the daemon: a FIFO in the state folder. That it has a reader says that a daemon lives.

Rejected: a socket (a protocol to maintain; everything that matters is in the table), polling the table (an idle machine would
not be idle), a port (others could connect).
"""

from __future__ import annotations

import contextlib
import os
import select
from pathlib import Path


def path_of(folder: Path) -> Path:
    """The FIFO of this state folder."""
    return folder / "wake"


def ring(folder: Path) -> bool:
    """Wakes the daemon; False when none is there."""
    try:
        handle = os.open(path_of(folder), os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        with contextlib.suppress(BlockingIOError):  # full: it will wake anyway
            os.write(handle, b"c")
    except BrokenPipeError:
        return False
    finally:
        os.close(handle)
    return True


def is_attended(folder: Path) -> bool:
    """Whether a daemon listens, without waking it."""
    try:
        os.close(os.open(path_of(folder), os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def attend(folder: Path) -> int:
    """Opens the daemon's end; from now on the others see that it lives."""
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path_of(folder), 0o600)
    # Read and write: the daemon is a writer too, so that the FIFO never reports the end of the file.
    return os.open(path_of(folder), os.O_RDWR | os.O_NONBLOCK)


def wait(handle: int, seconds: float) -> bool:
    """Waits for a ring; False when none came in time."""
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    if not poller.poll(seconds * 1000):
        return False
    with contextlib.suppress(BlockingIOError):
        os.read(handle, 65536)
    return True
