"""Starts a person's batch job on this machine as that person: what the local scheduler's relay asks, loaded by `root_helper`.

`sudo -n <python> -I -S <root_helper.py> <ccds.toml> job <person> <project id> <name>`, by the service account. The name is for
sudo's log only. On standard input comes one line, the order as JSON: command, environment, working directory and log. None of it
touches this process or the relay's: after it has become the person, with the groups of that one project, the child opens the log
and enters the folder with their rights, and is replaced by the command.

It stays as the job's parent. TERM, which the relay says on the same input, goes to the job's process group; at the input's end
all that descends from the job is ended, whatever it made of itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.session.root_helper import Refused, Site
from ccds_kernel.session.root_parent import adopt_orphans, first_line, keep
from ccds_kernel.session.root_person import Who, become, last_words, read_who, reset_signals

MOST_LINE_BYTES = 131_072
NEVER_BEGAN = 127
"""The exit status of a job whose command couldn't be started; why is said on standard error, and is for the person."""

_PATH = "/usr/local/bin:/usr/bin:/bin"
_SESSION = "job"
"""In the place of a session's name, which is asked of a kernel."""
_FOLLOWING = 3
"""The words after the verb."""


@dataclass(frozen=True)
class Order:
    """The one line that the relay says about a job."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    log: str

    @classmethod
    def parse(cls, line: bytes) -> Order:
        """Reads it.

        Raises:
            Refused: it is too long, no JSON, or describes no job.
        """
        if len(line) > MOST_LINE_BYTES or not line.endswith(b"\n"):
            raise Refused("a line that is too long, or none")
        try:
            said = json.loads(line)
            command, env, cwd, log = said["command"], said["env"], said["cwd"], said["log"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Refused("a line that describes no job") from None
        right = (
            isinstance(command, list) and command and all(map(_is_text, command)),
            isinstance(env, dict) and all(_is_text(value) and "=" not in name for name, value in env.items()),
            isinstance(env, dict) and all(map(_is_text, env)),
            _is_text(cwd) and cwd.startswith("/"),
            _is_text(log) and log.startswith("/"),
        )
        if not all(right):
            raise Refused("a line that describes no job")
        return cls(tuple(command), env, cwd, log)


def _is_text(value: object) -> bool:
    """Whether the operating system can carry it."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def environment(order: Order, site: Site, who: Who, project: str) -> dict[str, str]:
    """What the command finds: what was ordered, but for who this is and where, which is said here."""
    default = {
        "PATH": f"{Path(sys.executable).parent}:{_PATH}",
        "HOME": "/" + "/".join(who.home),
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
    }
    fixed = {"USER": who.name, "LOGNAME": who.name, "CCDS_CONFIG": site.config, "CCDS_PROJECT": project}
    return {**default, **order.env, **fixed}


def start(who: Who, order: Order, env: dict[str, str]) -> int:
    """Starts the command as the person; returns its process."""
    child = os.fork()
    if child:
        return child
    with last_words("job"):
        os.setsid()
        reset_signals()
        os.closerange(3, 256)
        complaint = os.dup(2)  # closed by exec
        with _or(complaint, "their folder of this project can't be entered"):
            become(who, "")
        with _or(complaint, "the log file can't be opened"):
            log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with _or(complaint, "the working directory can't be entered"):
            os.chdir(order.cwd)
        for number, opened in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(opened, number)
        with _or(complaint, f"the command can't be started: {ascii(Path(order.command[0]).name)[1:-1]}"):
            os.execvpe(order.command[0], list(order.command), env)  # noqa: S606 - no shell is wanted
    return child


@contextmanager
def _or(complaint: int, reason: str) -> Iterator[None]:
    """Ends this child with `reason` where the system refuses."""
    try:
        yield
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        os.write(complaint, f"{reason} ({said})\n".encode())
        os._exit(NEVER_BEGAN)


def main(site: Site, caller: int, verb: str, words: Sequence[str]) -> int:
    """Starts it and waits for its end; returns the exit status.

    Args:
        site: its settings.
        caller: the Unix user who asked sudo.
        verb: `job`.
        words: the person, the project and what they call the job.

    Raises:
        Refused: not by this caller, not for this person, not in this project.
    """
    if site.engine != "local":
        raise Refused("a site whose scheduler starts people's jobs by itself")
    if len(words) != _FOLLOWING:
        raise Refused(f"expected <ccds.toml> {verb} <person> <project> <name>")
    if caller != site.service.pw_uid:
        raise Refused("not the service account")
    person, project, _ = words
    who = read_who(site, person, project, _SESSION, caller)
    order = Order.parse(first_line(MOST_LINE_BYTES))
    os.chdir("/")
    adopt_orphans()
    return keep(start(who, order, environment(order, site, who, project)), 0)
