"""One daemon per state folder: a flock, and inside the locked file which process holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ccds_kernel.batch.exits import Claim
from ccds_kernel.batch.wrapper import boot_id, started_of


def path_of(folder: Path) -> Path:
    """The locked file of this state folder."""
    return folder / "daemon.lock"


def take(folder: Path) -> int | None:
    """The lock of this folder, held until it is closed or the process dies; None when another one holds it."""
    lock = os.open(path_of(folder), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def sign(lock: int, pid: int) -> None:
    """Notes which process the daemon is."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{pid} {started_of(pid)}\n".encode(), 0)


def holder(folder: Path) -> Claim | None:
    """The process that signed last, alive or not; None when nobody ever did."""
    try:
        pid, started = path_of(folder).read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return None
    return Claim(int(pid), started, boot_id())
