"""One line of an audit chain: how it is written, hashed and found again at the end of its file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ccds_kernel.audit.event import Event
from ccds_kernel.files import give_to_folder_owner

GENESIS = "0" * 64
"""What the first line follows."""

KEYS = frozenset({"time", "event", "person", "project", "detail"})
"""What every line has beside its hash and the one before."""


@dataclass(frozen=True)
class Origin:
    """Where an event came from, when it didn't happen in the process that writes it down.

    Attributes:
        id: the event's own, given by its sender: by it a repeated one is known.
        session: of whom the token was by which it came.
        claimed: when it happened, as its sender says; None where it was delivered at once.
    """

    id: str
    session: str
    claimed: datetime | None = None


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The chain's file to read and write, made where it isn't there. No link: root follows none that a service account made."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        give_to_folder_owner(path)
    except FileExistsError:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(handle, "r+b") as log:
        yield log


def write_line(log: IO[bytes], event: Event, origin: Origin | None, torn: Path) -> tuple[str, str]:
    """Writes `event` at the end of `log` and syncs it; returns the hash of the line before it, and its own.

    Args:
        log: a chain's file, locked.
        event: what happened.
        origin: where it came from.
        torn: the file to which a half written line is moved.

    Raises:
        OSError: it can't be written; then half of it may stand there.
    """
    end = log.seek(0, os.SEEK_END)
    before = last_line(log)
    whole = log.tell()
    if whole < end:
        with opened(torn) as aside:
            aside.seek(0, os.SEEK_END)
            aside.write(log.read() + b"\n")
            aside.flush()
            os.fsync(aside.fileno())  # before it goes from the log
        log.truncate(whole)
    previous = str(parse(before).get("hash", "")) if before else GENESIS
    values = asdict(event)
    entry: dict[str, Any] = {
        "time": _stamp(datetime.now(UTC)),
        "event": type(event).__name__,
        "person": values.pop("person"),
        "project": values.pop("project"),
        "detail": json.loads(json.dumps(values)),  # as it will be read again: tuples are lists
        "previous": previous,
    }
    if origin:
        entry |= {"id": origin.id, "session": origin.session}
        if origin.claimed:
            entry["claimed"] = _stamp(origin.claimed)
    entry["hash"] = digest(entry)
    log.seek(0, os.SEEK_END)
    log.write(canonical(entry) + b"\n")
    log.flush()
    os.fsync(log.fileno())
    return previous, str(entry["hash"])


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def last_line(log: IO[bytes]) -> bytes:
    """The last whole line, with its newline; empty where there is none. Leaves the file where that line ends."""
    end = log.seek(0, os.SEEK_END)
    step, start, block = 4096, end, b""
    while start > 0:
        start = max(0, end - step)
        log.seek(start)
        block = log.read(end - start)
        stop = block.rfind(b"\n") + 1
        begin = block.rfind(b"\n", 0, max(0, stop - 1)) + 1
        if stop and (begin or start == 0):
            log.seek(start + stop)
            return block[begin:stop]
        step *= 4
    log.seek(0)
    return b""


def parse(line: bytes) -> dict[str, Any]:
    """The entry that `line` holds; an empty one where it holds none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def canonical(entry: dict[str, Any]) -> bytes:
    """`entry` as it is written and hashed: keys sorted, no white space, UTF-8."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8",
        "backslashreplace",  # a person's name from the environment may hold bytes that are no text
    )


def digest(entry: dict[str, Any]) -> str:
    """The hash of `entry`, which doesn't hold it yet: SHA-256 of its canonical form."""
    return hashlib.sha256(canonical(entry)).hexdigest()
