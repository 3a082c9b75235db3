"""Starts a session's kernels and terminals as the person: what their server asks of `root_helper`, which loads this.

`sudo -n <python> -I -S <root_helper.py> <ccds.toml> kernel|shell <person> <project id> <session>`, by the service account. The
code of a session then has another Unix user than its server: it can neither signal the server, nor read its memory or its token,
nor take its port. Of the person's groups it gets those of the session's one project.

It reads its own arguments, from the environment a list of names, and for a kernel one line: how the server reaches it, as JSON.
The command is fixed. How it becomes the person is in `root_person`, how it stays with what it started in `root_parent`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccds_kernel.session.root_helper import Refused, Site
from ccds_kernel.session.root_parent import adopt_orphans, first_line, keep
from ccds_kernel.session.root_person import Who, become, last_words, read_who, reset_signals

MOST_LINE_BYTES = 16_384
_SOCKETS = re.compile(r"[0-9a-f]{16}")
_COMMANDS = {"ccds": "ccds_kernel.session.kernel", "python3": "ipykernel_launcher"}
_TERMINAL = "ccds_kernel.session.terminal"
_KEPT = re.compile(
    r"CCDS_(?:CONFIG|PROJECT|SESSION|AUDIT_TOKEN|AUDIT_URL|DATABASE_URL)|CUDA_VISIBLE_DEVICES|NVIDIA_VISIBLE_DEVICES"
    r"|LANG|LC_[A-Z]+|TZ|TERM|COLORTERM"
)
_MOST_VALUE = 8_192
_PATH = "/usr/local/bin:/usr/bin:/bin"
_NO_PIP = str(Path(__file__).parents[1] / "env" / "no_pip.sh")
"""What pip is sent to until something begins with an environment of the person's; see `ccds_kernel.env.pip`."""


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


def _kernel_log() -> int:
    """The person's own log of their kernels: what a kernel says before it speaks with its server."""
    Path(".ccds").mkdir(0o770, exist_ok=True)
    return os.open(".ccds/kernel.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o660)


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
