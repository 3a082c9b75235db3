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
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from ccds_kernel.audit.event import Event
from ccds_kernel.audit.heads import Head, Heads
from ccds_kernel.audit.line import GENESIS, KEYS, Origin, canonical, digest, last_line, opened, parse, write_line
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import give_to_folder_owner

_SITE = "_site"
_PROJECT = re.compile(r"[A-Za-z0-9-]*")
_READING = ("to read the audit log", "read it as the service account of the site")


class AuditSink(Protocol):
    """Takes events. `write` returns only when the event is on disk, and may be called from any process or thread."""

    def write(self, event: Event) -> None:
        """Keeps `event`; raises `CcdsError` where it can't, so that the action is not done unlogged."""


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
            with opened(path) as log:
                fcntl.flock(log, fcntl.LOCK_EX)
                previous, new = write_line(log, event, origin, torn=path.with_suffix(".torn"))
                if previous == GENESIS:
                    _sync_folder(self.folder)
                self._anchor(path, previous, new)

    def catch_up(self) -> None:
        """Keeps the heads that a crash between a line and its head left behind. For the start of whoever writes.

        Raises:
            CcdsError: the log can't be read, or a head can't be kept.
        """
        for project in self.chains():
            path = self._path(project)
            with _or_error("to read the audit log and keep its heads", "mend the audit folder"):
                if not path.exists():
                    continue  # a chain that is gone: `verify` tells
                with path.open("rb") as log:
                    fcntl.flock(log, fcntl.LOCK_EX)
                    if newest := last_line(log):
                        entry = parse(newest)
                        self._anchor(path, str(entry.get("previous", "")), str(entry.get("hash", "")))

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
            entry = parse(line)
            if not entry.keys() >= KEYS:
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
            entry = parse(line)
            # To the byte: a key that stands twice, or other white space, would show a reader something else than we hash.
            if line != canonical(entry) + b"\n":
                raise _broken(project, count, "isn't as it was written")
            claimed = entry.pop("hash", None)
            if claimed != digest(entry):
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
            yield parse(line), offset

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
        if kept and (kept.contradicted or kept.hash == new):
            return
        if kept and kept.hash == previous:
            self._heads.keep(path.stem, Head(kept.count + 1, new))
            return
        # None yet, or a crash came between a line and its head, or somebody was at the log.
        count, same = 0, kept is None
        with path.open("rb") as log:
            for count, line in enumerate((line for line in log if line.endswith(b"\n")), 1):
                if kept and count == kept.count:
                    same = parse(line).get("hash") == kept.hash
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
