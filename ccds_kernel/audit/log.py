"""The audit log: JSON lines, each holding the hash of the one before it.

One chain per project (`<project>.jsonl`) and one for the site (`_site.jsonl`). Whoever changes or removes a line breaks the
chain from there on, which `verify` finds. Removing the newest lines is found only against a chain head kept elsewhere.
A line that a crash left half written is no entry: the next write sets it aside in `<project>.torn`, so that it is neither
lost nor mistaken for a forgery.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from ccds_kernel.audit.events import Event
from ccds_kernel.errors import CcdsError

GENESIS = "0" * 64
_SITE = "_site"
_PROJECT = re.compile(r"[A-Za-z0-9-]*")
_KEYS = {"time", "event", "person", "project", "detail"}
_READING = ("to read the audit log", "read it as the service account of the site")


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
        path = self._path(event.project)
        with _or_error("to write the audit log", "mend the audit folder; nothing is done that can't be logged"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = not path.exists()
            path.touch(mode=0o600)
            with path.open("r+b") as log:
                fcntl.flock(log, fcntl.LOCK_EX)
                _append(log, event, torn=path.with_suffix(".torn"))
            if new:
                _sync_folder(self.folder)

    def has_chain(self, project: str = "") -> bool:
        """Whether anything was ever written for that project."""
        with _or_error(*_READING):
            return self._path(project).exists()

    def entries(self, project: str = "") -> Iterator[dict[str, Any]]:
        """The chain's entries, oldest first, as they stand: call `verify` to know whether they can be believed.

        Raises:
            CcdsError: the log can't be read, or a line is no entry at all.
        """
        for number, line in enumerate(self._lines(project), 1):
            entry = _parse(line)
            if not entry.keys() >= _KEYS:
                raise _broken(project, number, "is no entry")
            yield entry

    def verify(self, project: str = "") -> tuple[int, str]:
        """Walks the whole chain; returns the number of entries and the hash of the newest one.

        Raises:
            CcdsError: the log can't be read, or an entry was changed, removed or put in; the message names the line.
        """
        count, head = 0, GENESIS
        for count, line in enumerate(self._lines(project), 1):
            entry = _parse(line)
            # To the byte: a key that stands twice, or other white space, would show a reader something else than we hash.
            if line != _canonical(entry) + b"\n":
                raise _broken(project, count, "isn't as it was written")
            claimed = entry.pop("hash", None)
            if claimed != _digest(entry):
                raise _broken(project, count, "isn't as it was written")
            if entry.get("previous") != head:
                raise _broken(project, count, "doesn't follow the one before it")
            head = str(claimed)
        return count, head

    def _path(self, project: str) -> Path:
        if not _PROJECT.fullmatch(project):
            raise CcdsError(
                expected="a project's id of letters, digits and hyphens",
                found=repr(project[:40]),
                do="name the IRB application's id",
            )
        return self.folder / f"{project or _SITE}.jsonl"

    def _lines(self, project: str) -> Iterator[bytes]:
        """The chain's whole lines as they stood at one moment; writers wait only until that moment is known."""
        path = self._path(project)
        with _or_error(*_READING):
            if not path.exists():
                return
            with path.open("rb") as log:
                fcntl.flock(log, fcntl.LOCK_SH)
                left = log.seek(0, os.SEEK_END)
                fcntl.flock(log, fcntl.LOCK_UN)
                log.seek(0)
                while left > 0 and (line := log.readline(left)).endswith(b"\n"):
                    left -= len(line)
                    yield line


@contextmanager
def _or_error(expected: str, do: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CcdsError(expected=expected, found=error.strerror or "an error", do=do) from error


def _broken(project: str, line: int, what: str) -> CcdsError:
    return CcdsError(
        expected=f"an unbroken audit chain of {project or 'the site'}",
        found=f"line {line} that {what}",
        do="compare with the chain heads kept elsewhere and with the backup",
    )


def _sync_folder(folder: Path) -> None:
    """Makes a new file's name last: without it a power cut takes the file whose content was synced."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _append(log: IO[bytes], event: Event, torn: Path) -> None:
    previous = GENESIS
    end = log.seek(0, os.SEEK_END)
    if end:
        line, start = _last_line(log, end)
        if not line.endswith(b"\n"):
            with torn.open("ab") as aside:
                aside.write(line + b"\n")
                aside.flush()
                os.fsync(aside.fileno())  # before it goes from the log
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
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _canonical(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8",
        "backslashreplace",  # a person's name from the environment may hold bytes that are no text
    )


def _digest(entry: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(entry)).hexdigest()
