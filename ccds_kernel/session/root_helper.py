"""The one piece of ccds that runs as root: it starts code and hands over jobs as the person, and says no to all else.

`sudo -n <python> -I -S <this file> <ccds.toml> <what> ...`. By the service account, which runs hub and servers:

    kernel|shell <person> <project id> <session>       a kernel or a terminal as the person: `root_kernel`
    job <person> <project id> <name>                   a person's batch job on this machine: `root_batch`
    scheduler <person> <program> <arguments>           a session's job as the person's: `root_jobs`

and by a person's job on its node:

    server <run folder> <attempt>                      that session's server as the service account: `root_server`

Each stands in files beside this one, which are loaded when it is asked for. They import nothing but Python's library, each other
and this file (`-I -S`), because whatever they imported could run as root. What is allowed goes by the `ccds.toml` that sudoers
fixes.

Rejected: a setuid program in C (nobody would read it), a daemon as root that takes requests (it would have to know who asks;
sudo does), and `su` or `runuser` (they give all of a person's groups).
"""

from __future__ import annotations

import grp
import importlib.util
import os
import pwd
import re
import stat
import sys
import syslog
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

REFUSED = 120
"""The exit status of whatever it refuses; it says why on standard error, in one line."""
UNABLE = 121
"""Where it can't, at this moment."""
NO_JOB = 122
"""Where the scheduler knows no such job."""

_PERSON = re.compile(r"[a-z_][a-z0-9_.-]{0,63}")
_FIRST_PERSON = 1000
_POWERFUL = frozenset(
    {"root", "sudo", "wheel", "adm", "admin", "docker", "podman", "lxd", "disk", "shadow", "libvirt", "kvm"}
)
"""Groups whose members are as good as root, or read what root does: whoever can become one of them is."""

_RUNS = ("scheduler", "jobs")
"""Where, in the site's state folder, the runs are that the hub hands to the scheduler."""
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")

_BESIDE = {
    "kernel": ("root_person", "root_parent", "root_kernel"),
    "shell": ("root_person", "root_parent", "root_kernel"),
    "job": ("root_person", "root_parent", "root_batch"),
    "scheduler": ("root_jobs",),
    "server": ("root_server",),
}
"""What is done by which file beside this one, the last; it imports those before it."""
_PACKAGE = "ccds_kernel.session"


class Refused(Exception):  # noqa: N818 - an answer, no failure
    """It won't do that."""

    status = REFUSED


class Unable(Refused):
    """It can't do that now, and may later."""

    status = UNABLE


class NoJob(Refused):
    """The scheduler knows no such job."""

    status = NO_JOB


@dataclass(frozen=True)
class Site:
    """Of the site's settings what is needed here.

    Attributes:
        config: the file that they stand in.
        projects: where projects lie.
        sockets: where servers and kernels meet.
        state: what belongs to the service account.
        engine: the site's scheduler.
        scheduler: the section of that scheduler.
    """

    config: str
    projects: Path
    sockets: Path
    state: Path
    engine: str
    scheduler: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> pwd.struct_passwd:
        """The account that hub and servers run as: the owner of the site's state.

        Raises:
            Refused: there is none, or it is root.
        """
        try:
            account = pwd.getpwuid(self.state.lstat().st_uid)
        except (OSError, KeyError):
            raise Refused("the site's service account isn't known here") from None
        if account.pw_uid == 0:
            raise Refused("the site's service account is root")
        return account

    @property
    def runs(self) -> Path:
        """The folder of the runs that the hub hands to the scheduler."""
        return self.state.joinpath(*_RUNS)

    def is_run(self, folder: str) -> bool:
        """Whether `folder` is spelt as the folder of such a run."""
        above, _, name = folder.rpartition("/")
        return above == str(self.runs) and _RUN.fullmatch(name) is not None


def read_site(config: str) -> Site:
    """The site's settings, from a file that nobody but root could have written.

    Raises:
        Refused: it isn't root's alone, or doesn't say what is needed.
    """
    try:
        with Path(config).open("rb") as source:
            known = os.fstat(source.fileno())
            if known.st_uid != 0 or known.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise Refused("the settings aren't root's alone")
            values = tomllib.load(source)
        sessions = values.get("sessions", {})
        if sessions.get("helper") is not True:
            raise Refused("the site's settings don't use this helper ([sessions] helper)")
        engine = values.get("scheduler", {}).get("engine", "local")
        site = Site(
            config=config,
            projects=Path(values["paths"]["projects"]),
            sockets=Path(sessions.get("sockets", "/run/ccds")),
            state=Path(values["paths"]["state"]),
            engine=engine,
            scheduler=values.get(engine, {}),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        raise Refused("the settings can't be read") from None
    if not all(place.is_absolute() for place in (site.projects, site.sockets, site.state)):
        raise Refused("the settings' folders aren't absolute")
    return site


def read_person(person: str, service: int) -> pwd.struct_passwd:
    """The Unix user behind a person's name; `service` is the service account's number.

    Raises:
        Refused: no such person, one of the system's, the service account, or as good as root.
    """
    if not _PERSON.fullmatch(person):
        raise Refused("a person of another form")
    try:
        known = pwd.getpwnam(person)
    except KeyError:
        raise Refused("no such person on this machine") from None
    if known.pw_uid < _FIRST_PERSON or known.pw_uid == service or known.pw_name != person:
        raise Refused("not a person")
    own = set(os.getgrouplist(person, known.pw_gid))
    if any(group_number(name) in own for name in _POWERFUL):
        raise Refused("somebody who may become root: give them another account for sessions")
    return known


def group_number(name: str) -> int | None:
    """The number of a group; None where there is none."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def main(arguments: list[str]) -> int:
    """Does what `arguments` (without the program's name) say; returns the exit status of what it started.

    Raises:
        Refused: it won't.
    """
    if len(arguments) < 2 or arguments[1] not in _BESIDE:  # noqa: PLR2004 - as the module's docstring says
        raise Refused(f"expected <ccds.toml> {'|'.join(_BESIDE)} ...")
    if os.getuid() != 0 or not os.environ.get("SUDO_UID", "").isdecimal():
        raise Refused("expected to be run through sudo")
    config, verb, *words = arguments
    os.umask(0o022)  # whatever the caller's was
    *_, last = [_beside(name) for name in _BESIDE[verb]]
    return int(last.main(read_site(config), int(os.environ["SUDO_UID"]), verb, words))


def _beside(name: str) -> ModuleType:
    """Our own file of that name, by its path: nothing is searched for where everything runs as root."""
    # What it imports from here is what runs, not a second copy.
    sys.modules[f"{_PACKAGE}.root_helper"] = sys.modules[__name__]
    full = f"{_PACKAGE}.{name}"
    spec = importlib.util.spec_from_file_location(full, Path(__file__).resolve().with_name(f"{name}.py"))
    assert spec is not None  # noqa: S101 - as every path that ends in .py
    assert spec.loader is not None  # noqa: S101 - likewise
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
        sys.exit(code if code >= 0 else 128 - code)
    except Refused as refusal:
        sys.stderr.write(f"ccds root helper: {refusal}\n")
        # A job's standard error is nobody's; and who tries what isn't theirs should be seen.
        syslog.openlog("ccds-root-helper", facility=syslog.LOG_AUTHPRIV)
        syslog.syslog(syslog.LOG_NOTICE, f"refused to uid {os.environ.get('SUDO_UID', '(none)')[:20]!a}: {refusal}")
        sys.exit(refusal.status)
