"""As whom the root helper starts a kernel, a terminal or a job, and how a process becomes that person for good.

Of the person's groups it gets those of the one project. Nothing is decided by a path that the person could change: their folder
is entered with their own rights, one component after the other, through no link.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
from dataclasses import dataclass
from typing import NoReturn

from ccds_kernel.session.root_helper import REFUSED, Refused, Site, group_number, read_person

_PROJECT = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_SESSION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GROUPS = ("", "-images", "-images-w", "-rows", "-reports")
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_UMASK = 0o007
"""Its sockets are for the person and the service account, whose group the folder hands on; what is made in the
project's folders gets their default ACLs, whatever the umask."""


@dataclass(frozen=True)
class Who:
    """As whom something is started."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: tuple[str, ...]


def read_who(site: Site, person: str, project: str, session: str, caller: int) -> Who:
    """As whom to start it: the person, with those of their groups that are this project's.

    Raises:
        Refused: no such person, one of the system's, the caller itself, or not of this project.
    """
    if not (_PROJECT.fullmatch(project) and _SESSION.fullmatch(session)):
        raise Refused("a project or a session of another form")
    known = read_person(person, caller)
    own = set(os.getgrouplist(person, known.pw_gid))
    wanted = [group_number(f"irb-{project.lower()}{kind}") for kind in _GROUPS]
    if wanted[0] is None or wanted[0] not in own:
        raise Refused("not a member of that project")
    home = (*site.projects.parts[1:], project, "work", person)
    return Who(person, known.pw_uid, known.pw_gid, tuple(gid for gid in wanted if gid is not None and gid in own), home)


def become(who: Who, folder: str) -> None:
    """Makes this process the person's, without a way back, in `folder` of their own folder.

    Raises:
        OSError: their folder isn't there, isn't theirs, or is reached through a link.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    os.setgroups(who.groups)
    os.setresgid(who.gid, who.gid, who.gid)
    os.setresuid(who.uid, who.uid, who.uid)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_PDEATHSIG, signal.SIGKILL)):
        if libc.prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    os.umask(_UMASK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core holds patients' data
    place = os.open("/", os.O_PATH | os.O_DIRECTORY)
    for part in who.home:
        inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
        os.close(place)
        place = inner
    if os.fstat(place).st_uid != who.uid:
        raise PermissionError("not their own folder")
    os.fchdir(place)
    os.close(place)
    if folder:
        os.chdir(folder)  # with their rights, wherever it leads


class last_words:  # noqa: N801 - reads as a statement
    """Ends a child that couldn't become what it should, with one line."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> NoReturn:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        os.write(2, f"ccds root helper: the {self._what} can't be started: {reason}\n".encode())
        os._exit(REFUSED)


def reset_signals() -> None:
    """Gives a child the signals as every program expects them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTOU, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
