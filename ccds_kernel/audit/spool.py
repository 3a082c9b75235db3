"""Events that wait, on this machine's disk, until the audit daemon takes them.

One file of JSON lines, oldest first, synced before anybody goes on. The folder's lock puts processes of one session in order.
Whoever owns the session can write here: that a waiting event is changed or taken away can't be prevented, so its line in
the log says that it was delivered later than it claims to have happened.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from ccds_kernel.files import write_whole

Waiting = Mapping[str, Any]
"""An event as it is sent to the daemon: see `ccds_kernel.audit.wire.message`."""


class Spool:
    """The waiting events of one folder. Every method but `is_empty` is called under `locked`, and raises `OSError`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "waiting.jsonl"

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits; asked without the lock, so that a session whose daemon runs never needs the folder."""
        return not self._file.exists()

    @property
    def size(self) -> int:
        """Bytes of what waits."""
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder, made where it isn't there, for this process and thread."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def append(self, event: Waiting) -> None:
        """Puts `event` at the end; it is on disk, or nothing of it is."""
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b", buffering=0) as out:
            # What a crash left half written was told to nobody as done.
            whole = out.readall().rfind(b"\n") + 1
            out.truncate(whole)
            out.seek(whole)
            try:
                _write(out, event)
            except OSError:
                out.truncate(whole)
                raise

    def waiting(self) -> list[Waiting]:
        """What waits, oldest first; what is no event any more is given as an empty one."""
        try:
            lines = self._file.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [_parse(line) for line in lines]

    def keep(self, waiting: Sequence[Waiting]) -> None:
        """Leaves only `waiting`."""
        if waiting:
            write_whole(self._file, "".join(json.dumps(event) + "\n" for event in waiting), 0o600)
        else:
            self._file.unlink(missing_ok=True)

    def set_aside(self, event: Waiting) -> None:
        """Puts an event that the daemon will never take where a person can find it."""
        handle = os.open(self.folder / "refused.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab", buffering=0) as out:
            _write(out, event)


def _write(out: FileIO, event: Waiting) -> None:
    left = memoryview(json.dumps(event).encode("ascii") + b"\n")
    while left:
        left = left[out.write(left) :]
    os.fsync(out.fileno())


def _parse(line: bytes) -> Waiting:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
