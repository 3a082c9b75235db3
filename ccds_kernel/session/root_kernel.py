"""Starts a session's kernels and terminals as the person: what their server asks of `root_helper`, which loads this.

`sudo -n <python> -I -S <root_helper.py> <ccds.toml> kernel|shell <person> <project id> <session>`, by the service account. The
code of a session then has another Unix user than its server: it can neither signal the server, nor read its memory or its token,
nor take its port. Of the person's groups it gets those of the session's one project.

It reads its own arguments, from the environment a list of names, and for a kernel one line: how the server reaches it, as JSON.
The command is fixed. It stays as the parent of what it started, and ends all of that when the server says so or is gone.

Nothing is decided by a path that the person could change: their folder is entered with their own rights, one component after
the other, through no link.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import select
import shutil
import signal
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ccds_kernel.session.root_helper import REFUSED, Refused, Site, group_number, read_person

MOST_LINE_BYTES = 16_384
_PROJECT = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_SESSION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SOCKETS = re.compile(r"[0-9a-f]{16}")
_COMMANDS = {"ccds": "ccds_kernel.session.kernel", "python3": "ipykernel_launcher"}
_TERMINAL = "ccds_kernel.session.terminal"
_SIGNALS = {b"INT": signal.SIGINT, b"TERM": signal.SIGTERM, b"KILL": signal.SIGKILL}
_GROUPS = ("", "-images", "-images-w", "-reports")
_KEPT = re.compile(
    r"CCDS_(?:CONFIG|PROJECT|SESSION|AUDIT_TOKEN|AUDIT_URL|DATABASE_URL)|CUDA_VISIBLE_DEVICES|NVIDIA_VISIBLE_DEVICES"
    r"|LANG|LC_[A-Z]+|TZ|TERM|COLORTERM"
)
_MOST_VALUE = 8_192
_PATH = "/usr/local/bin:/usr/bin:/bin"
_NO_PIP = str(Path(__file__).parents[1] / "env" / "no_pip.sh")
"""What pip is sent to until something begins with an environment of the person's; see `ccds_kernel.env.pip`."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
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


def environment(given: dict[str, str], who: Who) -> dict[str, str]:
    """What the person's code finds in its environment: of the server's only what is on the list."""
    kept = {
        name: value
        for name, value in given.items()
        if _KEPT.fullmatch(name) and len(value) <= _MOST_VALUE and "\0" not in value
    }
    home = "/" + "/".join(who.home)
    return kept | {
        "HOME": home,
        "USER": who.name,
        "LOGNAME": who.name,
        "SHELL": "/bin/bash",
        "PATH": f"{Path(sys.executable).parent}:{_PATH}",
        "IPYTHONDIR": f"{home}/.ccds/ipython",
        "PIP_PYTHON": _NO_PIP,
    }


@dataclass(frozen=True)
class Kernel:
    """The one line that the server says about a kernel."""

    name: str
    folder: str
    sockets: str
    connection: dict[str, Any]

    @classmethod
    def parse(cls, line: bytes) -> Kernel:
        """Reads it.

        Raises:
            Refused: it is too long, no JSON, or names another kernel, folder or socket than it may.
        """
        if len(line) > MOST_LINE_BYTES or not line.endswith(b"\n"):
            raise Refused("a line that is too long, or none")
        try:
            said = json.loads(line)
            kernel = cls(said["name"], said["folder"], said["sockets"], said["connection"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Refused("a line that describes no kernel") from None
        right = (
            kernel.name in _COMMANDS if isinstance(kernel.name, str) else False,
            isinstance(kernel.folder, str) and "\0" not in kernel.folder,
            isinstance(kernel.sockets, str) and _SOCKETS.fullmatch(kernel.sockets),
            isinstance(kernel.connection, dict) and kernel.connection.get("transport") == "ipc",
        )
        if not all(right):
            raise Refused("a line that describes no kernel")
        return kernel


def make_sockets(site: Site, kernel: Kernel, who: Who, group: int) -> Path:
    """The folder for the kernel's sockets and its connection file: the person's, and entered by the caller's group.

    Raises:
        Refused: the place isn't root's alone, or the folder is there already.
    """
    try:
        site.sockets.mkdir(mode=0o711, exist_ok=True)
        known = site.sockets.lstat()
        if not stat.S_ISDIR(known.st_mode) or known.st_uid != 0 or known.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise Refused("the folder for sockets isn't root's alone")
        folder = site.sockets / kernel.sockets
        folder.mkdir(mode=0o700)
        os.chown(folder, who.uid, group)
        folder.chmod(0o2750)  # a file made in it gets the caller's group
    except OSError:
        raise Refused("the folder for sockets can't be made") from None
    return folder


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


def start_kernel(who: Who, kernel: Kernel, sockets: Path, env: dict[str, str]) -> int:
    """Starts the kernel as the person; returns its process."""
    connection = sockets / "connection.json"
    child = os.fork()
    if child:
        return child
    with last_words("kernel"):
        os.setsid()
        reset_signals()
        become(who, "")
        handle = os.open(connection, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        os.write(handle, json.dumps(kernel.connection).encode())
        os.close(handle)
        log = _kernel_log()
        if kernel.folder:
            os.chdir(kernel.folder)
        for number, opened in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(opened, number)
        os.closerange(3, 256)
        command = [sys.executable, "-P", "-m", _COMMANDS[kernel.name], "-f", str(connection)]
        os.execve(command[0], command, env)  # noqa: S606 - no shell is wanted
    return child


def start_shell(who: Who, env: dict[str, str]) -> int:
    """Starts a shell as the person on the terminal that this process has; returns its process."""
    child = os.fork()
    if child:
        return child
    with last_words("terminal"):
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpgrp())
        reset_signals()
        become(who, "")
        os.closerange(3, 256)
        command = [sys.executable, "-P", "-m", _TERMINAL]
        os.execve(command[0], command, env)  # noqa: S606 - no shell is wanted before the person's own
    return child


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


def _kernel_log() -> int:
    """The person's own log of their kernels: what a kernel says before it speaks with its server."""
    Path(".ccds").mkdir(0o770, exist_ok=True)
    return os.open(".ccds/kernel.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o660)


def reset_signals() -> None:
    """Gives a child the signals as every program expects them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTOU, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def adopt_orphans() -> None:
    """From now on what a child leaves behind is this process's, to be ended with the rest."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def keep(child: int, orders: int | None) -> int:
    """Waits for `child` and carries out what the server says on `orders`; ends everything once that is closed.

    Args:
        child: the process that was started, its group's leader.
        orders: a file of lines INT, TERM and KILL; None where there are none, and a signal to this process ends all.
    """
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    told: list[int] = []
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda came, _frame: told.append(came))
    rest = b""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end_all(None)
            return os.waitstatus_to_exitcode(status)
        if signal.SIGTERM in told or signal.SIGHUP in told:
            return _end_all(child)
        ready, _, _ = select.select([woken, *([orders] if orders is not None else [])], [], [])
        if woken in ready:
            os.read(woken, 256)
            _reap_others(child)
        if orders in ready and orders is not None:
            said = os.read(orders, 256)
            if not said:
                return _end_all(child)
            *lines, rest = (rest + said).split(b"\n")
            rest = rest[-16:]
            for line in lines:
                if line in _SIGNALS:
                    _signal_group(child, _SIGNALS[line])


def _signal_group(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except ProcessLookupError:
        if number != signal.SIGINT:  # which a process that isn't the command yet would take for its own
            os.kill(child, number)  # forked a moment ago it leads no group yet; one that has ended is still waited for


def _reap_others(child: int) -> None:
    """Takes the exit status of orphans that came to this process, never `child`'s."""
    for pid in _children(os.getpid()):
        if pid != child:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _end_all(child: int | None) -> int:
    """Ends everything below this process, whatever it made of itself; returns the exit status of `child`."""
    status = 0
    while True:
        for pid in _descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            ended, code = os.waitpid(-1, 0)
        except ChildProcessError:
            return status
        if ended == child:
            status = os.waitstatus_to_exitcode(code)


def _descendants(parent: int) -> list[int]:
    found = []
    for pid in _children(parent):
        found += [pid, *_descendants(pid)]
    return found


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def main(site: Site, caller: int, verb: str, words: Sequence[str]) -> int:
    """Starts it and waits for its end; returns the exit status.

    Args:
        site: its settings.
        caller: the Unix user who asked sudo.
        verb: `kernel` or `shell`.
        words: the person, the project and the session.

    Raises:
        Refused: not for this person, not in this project.
    """
    if len(words) != 3:  # noqa: PLR2004 - as the module's docstring says
        raise Refused(f"expected <ccds.toml> {verb} <person> <project> <session>")
    person, project, session = words
    group = int(os.environ["SUDO_GID"])
    who = read_who(site, person, project, session, caller)
    env = environment(
        dict(os.environ) | {"CCDS_CONFIG": site.config, "CCDS_PROJECT": project, "CCDS_SESSION": session}, who
    )
    os.chdir("/")
    adopt_orphans()
    if verb == "shell":
        return keep(start_shell(who, env), None)
    kernel = Kernel.parse(first_line(MOST_LINE_BYTES))
    sockets = make_sockets(site, kernel, who, group)
    try:
        return keep(start_kernel(who, kernel, sockets, env), 0)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)


def first_line(most: int) -> bytes:
    """The first line of standard input, byte by byte: what comes after it is orders."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) <= most and (byte := os.read(0, 1)):
        line += byte
    return bytes(line)
