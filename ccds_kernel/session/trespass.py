"""Makes it seen when code in a session's kernel reaches for what isn't its project's: other projects, registry, audit log; and
when it would rename, remove or open to others what stands in its own project's directory.

This is no boundary: that is the file system, by groups that a session doesn't have, and code that wants to gets around an audit
hook (a library in C opens files unseen, a child process has no hook). It turns the usual attempt, by a wrong path, a link or
out of curiosity, into one line for the person and a denial in the audit log, also where everything runs as one Unix user.

A hook is called for every file that Python opens, imports included: what lies in Python's own folders is let by at once, the
rest costs a look at the path's links. It can't be taken out again; it never fails on its own account.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.log import AuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Paths

_PATHS = {
    "open": 1, "os.listdir": 1, "os.scandir": 1, "os.chdir": 1, "os.link": 2, "os.symlink": 2, "os.rename": 2, "os.remove": 1,
    "os.mkdir": 1, "os.rmdir": 1, "os.truncate": 1, "os.chmod": 1, "os.chown": 1, "sqlite3.connect": 1, "shutil.copyfile": 2,
    "shutil.copytree": 2, "shutil.move": 2,
}  # fmt: skip
"""Python's audit events that name paths → how many of their arguments do."""

_LOOKS = frozenset({"os.listdir", "os.scandir", "os.chdir", "sqlite3.connect"})
_TAKES_AWAY = frozenset({"os.rename", "os.remove", "os.rmdir", "shutil.move"})
_OPENS_UP = frozenset({"os.chmod", "os.chown"})
"""What nobody does with their project's directory; with what stands directly in it the former only: a stage makes its folder."""

_EVENT_SECONDS = 60.0


@dataclass(frozen=True)
class Fence:
    """What a session of `project` may reach of the site's folders: its own of `projects` and `registry`, nothing of `audit`."""

    project: str
    projects: str
    registry: str
    audit: str

    @classmethod
    def of(cls, paths: Paths, project: str) -> Fence:
        """That of a site; the folders as they are without links."""
        return cls(project, *(os.path.realpath(folder) for folder in (paths.projects, paths.registry, paths.audit)))

    def what_is_crossed(self, path: str, event: str = "open", *, writes: bool = False) -> str | None:
        """What `path`, absolute and without links, belongs to; None where nothing stands against it.

        Args:
            path: where code reaches.
            event: what it would do there, as Python calls it.
            writes: whether that would change something.
        """
        for folder, what in ((self.projects, "another project"), (self.registry, "the registry")):
            if path.startswith(f"{folder}/") and path.split("/")[len(folder.split("/"))] != self.project:
                return what
        if path == self.audit or path.startswith(f"{self.audit}/"):
            return "the audit log"
        if writes and path.startswith(f"{self.registry}/"):
            return "the registry"
        top = f"{self.projects}/{self.project}"
        in_top = os.path.dirname(path) == top  # noqa: PTH120 - called for every file
        if (event in _TAKES_AWAY and (in_top or path == top)) or (event in _OPENS_UP and path == top):
            return "its directory's own"
        return None


@dataclass
class Watch:
    """Looks at Python's audit events, as `sys.addaudithook` hands them over."""

    fence: Fence
    denied: Callable[[str], None]
    _own: tuple[str, ...] = field(
        default_factory=lambda: tuple({f"{place}/" for place in (sys.prefix, sys.base_prefix)})
    )
    _busy: threading.local = field(default_factory=threading.local)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Lets by or raises.

        Raises:
            PermissionError: a path that isn't this session's.
        """
        count = _PATHS.get(event)
        if count is None or getattr(self._busy, "now", False):
            return
        for argument in arguments[:count]:
            if not isinstance(argument, (str, bytes, os.PathLike)):
                continue
            if what := self._crossed(argument, event, writes=_writes(event, arguments)):
                self._busy.now = True  # writing the denial opens files, too
                try:
                    self.denied(what)
                finally:
                    self._busy.now = False
                raise PermissionError(errno.EACCES, f"this session is for {self.fence.project}: that is of {what}")

    def _crossed(
        self, argument: str | bytes | os.PathLike[str] | os.PathLike[bytes], event: str, *, writes: bool
    ) -> str | None:
        try:
            path = os.fsdecode(argument)
            if path.startswith(self._own) and ".." not in path:
                return None
            if path.startswith("file:"):  # as sqlite3 takes it
                path = path.removeprefix("file:").partition("?")[0]
            self._busy.now = True  # looking for links lists nothing, yet must never come back here
            return self.fence.what_is_crossed(os.path.realpath(path), event, writes=writes)
        except (ValueError, OSError, RecursionError):
            return None  # no path that anything could be opened by
        finally:
            self._busy.now = False


def _writes(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether an event would change something; an opened file by its flags, or its mode where Python has no flags."""
    if event != "open":
        return event not in _LOOKS
    mode, flags = (*arguments, None, None)[1:3]
    if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        return True
    return isinstance(mode, str) and any(sign in mode for sign in "wax+")


def denials(sink: AuditSink, person: str, project: str) -> Callable[[str], None]:
    """Writes a denial for each kind of place, at most one a minute; one that can't be written is refused all the same."""
    last: dict[str, float] = {}

    def denied(what: str) -> None:
        now = time.monotonic()
        if now - last.get(what, -_EVENT_SECONDS) < _EVENT_SECONDS:
            return
        last[what] = now
        reason = f"expected a path of {project}; found one of {what}"
        try:
            sink.write(AccessDenied(person=person, project=project, action="reach files", reason=reason))
        except CcdsError:
            return

    return denied


def watch(paths: Paths, sink: AuditSink, person: str, project: str) -> None:
    """Begins to look, for as long as this process lives."""
    sys.addaudithook(Watch(Fence.of(paths, project), denials(sink, person, project)))
