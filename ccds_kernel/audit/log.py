"""The audit log: JSON lines, each holding the hash of the one before it.

One chain per project (`<project>.jsonl`) and one for the site (`_site.jsonl`). Whoever changes or removes a line breaks the
chain from there on, which `verify` finds. Removing the newest lines is found only against a chain head kept elsewhere.
A line that a crash left half written is set aside in `<project>.torn`, not lost and not mistaken for a forgery.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from ccds_kernel.audit.events import Event
from ccds_kernel.errors import CcdsError

GENESIS = "0" * 64
_SITE = "_site"


class AuditSink(Protocol):
    """Takes events. `write` returns only when the event is on disk, and may be called from any process or thread."""

    def write(self, event: Event) -> None:
        """Keeps `event`; raises `CcdsError` where it can't, so that the action is not done unlogged."""


class FileAuditSink:
    """An `AuditSink` that writes into a folder on this machine's disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, event: Event) -> None:
        """Appends `event` to its project's chain and syncs it to disk.

        Raises:
            CcdsError: the log can't be written.
        """
        path = self.folder / f"{event.project or _SITE}.jsonl"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            with path.open("r+b") as log:
                fcntl.flock(log, fcntl.LOCK_EX)
                _append(log, event, torn=path.with_suffix(".torn"))
        except OSError as error:
            raise CcdsError(
                expected="to write the audit log",
                found=error.strerror or "an error",
                do="mend the audit folder; nothing is done that can't be logged",
            ) from error

    def entries(self, project: str = "") -> Iterator[dict[str, Any]]:
        """The chain's entries, oldest first, as they stand: call `verify` to know whether they can be believed."""
        path = self.folder / f"{project or _SITE}.jsonl"
        if not path.exists():
            return
        with path.open("rb") as log:
            for line in log:
                yield json.loads(line)

    def verify(self, project: str = "") -> tuple[int, str]:
        """Walks the whole chain; returns the number of entries and the hash of the newest one.

        Raises:
            CcdsError: an entry was changed, removed or put in; the message names the line.
        """
        path = self.folder / f"{project or _SITE}.jsonl"
        count, head = 0, GENESIS
        if not path.exists():
            return count, head
        with path.open("rb") as log:
            for count, line in enumerate(log, 1):
                entry = _parse(line)
                claimed = entry.pop("hash", None)
                if entry.get("previous") != head or claimed != _digest(entry):
                    raise CcdsError(
                        expected=f"an unbroken chain in {path}",
                        found=f"line {count} doesn't follow the one before it",
                        do="compare with the chain heads kept elsewhere and with the backup",
                    )
                head = str(claimed)
        return count, head


def _append(log: IO[bytes], event: Event, torn: Path) -> None:
    previous = GENESIS
    end = log.seek(0, os.SEEK_END)
    if end:
        line, start = _last_line(log, end)
        if not line.endswith(b"\n"):
            with torn.open("ab") as aside:
                aside.write(line + b"\n")
            log.truncate(start)
            line, _ = _last_line(log, start) if start else (b"", 0)
        if line:
            previous = str(_parse(line).get("hash", ""))
    values = asdict(event)
    entry: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": type(event).__name__,
        "person": values.pop("person"),
        "project": values.pop("project"),
        "detail": json.loads(json.dumps(values)),  # as it will be read again: tuples are lists
        "previous": previous,
    }
    entry["hash"] = _digest(entry)
    log.seek(0, os.SEEK_END)
    log.write(_canonical(entry) + b"\n")
    log.flush()
    os.fsync(log.fileno())


def _last_line(log: IO[bytes], end: int) -> tuple[bytes, int]:
    """The last line before offset `end`, with its newline if it has one, and where it begins."""
    step, start = 4096, end
    while start > 0:
        start = max(0, end - step)
        log.seek(start)
        block = log.read(end - start)
        newline = block.rfind(b"\n", 0, len(block) - 1)
        if newline >= 0:
            return block[newline + 1 :], start + newline + 1
        step *= 4
    return block, 0


def _parse(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _canonical(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(entry: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(entry)).hexdigest()
