"""The audit log: JSON lines, each holding the hash of the one before it.

One chain per project (`<project>.jsonl`) and one for the site (`_site.jsonl`). Whoever changes or removes a line breaks the
chain from there on, which `verify` finds; that the newest lines were removed, or all of them replaced, it finds by the
chain's head that is kept in a second place. A line that a crash left half written is no entry: the next write sets it aside
in `<project>.torn`, so that it is neither lost nor mistaken for a forgery.

Only the service account writes here: the audit daemon for sessions, hub and administrators' commands directly. A file's lock
puts them in order; root's files are given to the folder's owner.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from ccds_kernel.audit.events import Event
from ccds_kernel.audit.heads import Head, Heads
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import give_to_folder_owner

GENESIS = "0" * 64
_SITE = "_site"
_PROJECT = re.compile(r"[A-Za-z0-9-]*")
_KEYS = {"time", "event", "person", "project", "detail"}
_READING = ("to read the audit log", "read it as the service account of the site")


class AuditSink(Protocol):
    """Takes events. `write` returns only when the event is on disk, and may be called from any process or thread."""

    def write(self, event: Event) -> None:
        """Keeps `event`; raises `CcdsError` where it can't, so that the action is not done unlogged."""


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


class FileAuditSink:
    """An `AuditSink` that writes into a folder on this machine's disk.

    Args:
        folder: the log's.
        heads: where the chains' heads are kept; nowhere where it isn't given.
    """

    def __init__(self, folder: Path, heads: Path | None = None) -> None:
        self.folder = folder
        self._heads = Heads(heads) if heads else None

    def write(self, event: Event) -> None:
        """Appends `event` to its project's chain and syncs it to disk.

        Raises:
            CcdsError: the log can't be written.
        """
        self.append(event)

    def append(self, event: Event, origin: Origin | None = None) -> None:
        """As `write`, for an event that came from somewhere."""
        path = self._path(event.project)
        with _or_error("to write the audit log", "mend the audit folder; nothing is done that can't be logged"):
            if not self.folder.exists():
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                give_to_folder_owner(self.folder)
            with _opened(path) as log:
                fcntl.flock(log, fcntl.LOCK_EX)
                previous, new = _append(log, event, origin, torn=path.with_suffix(".torn"))
                if previous == GENESIS:
                    _sync_folder(self.folder)
                self._anchor(path, previous, new)

    def has_chain(self, project: str = "") -> bool:
        """Whether anything was ever written for that project."""
        path = self._path(project)
        with _or_error(*_READING):
            return path.exists() or (self._heads is not None and path.stem in self._heads.chains())

    def chains(self) -> list[str]:
        """The projects that anything was ever written for, by name; the site's chain, if there is one, first, as ''."""
        with _or_error(*_READING):
            found = {path.stem for path in self.folder.glob("*.jsonl")} | (
                self._heads.chains() if self._heads else set()
            )
        return sorted("" if name == _SITE else name for name in found)

    def head(self, project: str = "") -> Head | None:
        """The kept head of that project's chain; None where none is kept.

        Raises:
            CcdsError: it can't be read.
        """
        with _or_error(*_READING):
            return self._heads.read(self._path(project).stem) if self._heads else None

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
        kept = self.head(project)  # before the lines: the chain only grows
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
            if kept and count == kept.count and head != kept.hash:
                raise _broken(project, count, "isn't the one whose hash was kept elsewhere")
        if kept and count < kept.count:
            raise _broken(project, count, f"is the last; there were {kept.count}")
        if kept and kept.contradicted:
            raise _broken(project, kept.count, "wasn't the one whose hash was kept elsewhere when others were written")
        return count, head

    def since(self, project: str, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
        """The entries from byte `offset` on, where a line begins, each with the offset behind it; empty ones for what is none.

        All of them where the log is shorter than that: it isn't the one that was read then.

        Raises:
            CcdsError: the log can't be read.
        """
        path = self._path(project)
        with _or_error(*_READING):
            if not path.exists() or path.stat().st_size < offset:
                offset = 0
        for line in self._lines(project, offset):
            offset += len(line)
            yield _parse(line), offset

    def _path(self, project: str) -> Path:
        if not _PROJECT.fullmatch(project):
            raise CcdsError(
                expected="a project's id of letters, digits and hyphens",
                found=repr(project[:40]),
                do="name the IRB application's id",
            )
        return self.folder / f"{project or _SITE}.jsonl"

    def _anchor(self, path: Path, previous: str, new: str) -> None:
        """Keeps the head of the chain that was just written: `new` follows `previous`."""
        if self._heads is None:
            return
        try:
            kept = self._heads.read(path.stem)
        except CcdsError:
            return  # what is no head stays for `verify` to tell
        if kept and kept.contradicted:
            return
        if kept and kept.hash == previous:
            self._heads.keep(path.stem, Head(kept.count + 1, new))
            return
        # None yet, or a crash came between a line and its head, or somebody was at the log.
        count, same = 0, kept is None
        with path.open("rb") as log:
            for count, line in enumerate(log, 1):
                if kept and count == kept.count:
                    same = _parse(line).get("hash") == kept.hash
        self._heads.keep(
            path.stem, Head(count, new) if same or not kept else Head(kept.count, kept.hash, contradicted=True)
        )

    def _lines(self, project: str, offset: int = 0) -> Iterator[bytes]:
        """The chain's whole lines as they stood at one moment; writers wait only until that moment is known."""
        path = self._path(project)
        with _or_error(*_READING):
            if not path.exists():
                return
            with path.open("rb") as log:
                fcntl.flock(log, fcntl.LOCK_SH)
                left = log.seek(0, os.SEEK_END) - offset
                fcntl.flock(log, fcntl.LOCK_UN)
                log.seek(offset)
                while left > 0 and (line := log.readline(left)).endswith(b"\n"):
                    left -= len(line)
                    yield line


@contextmanager
def _or_error(expected: str, do: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CcdsError(expected=expected, found=error.strerror or "an error", do=do) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The chain's file to read and write, made where it isn't there. No link: root follows none that a service account made."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        give_to_folder_owner(path)
    except FileExistsError:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(handle, "r+b") as log:
        yield log


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


def _append(log: IO[bytes], event: Event, origin: Origin | None, torn: Path) -> tuple[str, str]:
    """Writes the line; returns the hash of the one before it, and its own."""
    previous = GENESIS
    end = log.seek(0, os.SEEK_END)
    if end:
        line, start = _last_line(log, end)
        if not line.endswith(b"\n"):
            with _opened(torn) as aside:
                aside.seek(0, os.SEEK_END)
                aside.write(line + b"\n")
                aside.flush()
                os.fsync(aside.fileno())  # before it goes from the log
            log.truncate(start)
            line, _ = _last_line(log, start) if start else (b"", 0)
        if line:
            previous = str(_parse(line).get("hash", ""))
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
    entry["hash"] = _digest(entry)
    log.seek(0, os.SEEK_END)
    log.write(_canonical(entry) + b"\n")
    log.flush()
    os.fsync(log.fileno())
    return previous, str(entry["hash"])


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


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
