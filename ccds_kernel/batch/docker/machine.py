"""A machine that belongs to people, and as whom their containers run there."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError

_KINDS = ("", "-images", "-images-w", "-rows", "-reports")
_FIRST_PERSON = 1000


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine.

    Attributes:
        name: how people call it.
        docker: where its Docker daemon is, `unix:///…` or `tcp://host:port`.
        tls: the folder with `ca.pem`, `cert.pem` and `key.pem`, by which daemon and hub know each other; None for a socket.
        address: where the sessions on it are reached.
        cpus: its cores.
        memory_mb: MiB of its memory.
        gpus: how many it has; they are named 0, 1, …
        gpu_model: what the site calls them.
        people: whose it is.
    """

    name: str
    docker: str
    address: str
    cpus: int
    memory_mb: int
    tls: Path | None = None
    gpus: int = 0
    gpu_model: str | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """As whom a container runs: a person's number, and of their groups those of one project."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def account_of(person: str, project: str) -> Account:
    """The account of `person` for a session of `project`, as this machine's directory of people has it.

    Raises:
        CcdsError: there is no such person, or not in that project.
    """
    try:
        known = pwd.getpwnam(person)
    except KeyError:
        known = None
    if known is None or known.pw_uid < _FIRST_PERSON:
        raise CcdsError(
            expected="a person with a Unix user, as whom their container runs",
            found=f"none called {person[:64]}",
            do="tell the administrators of this site",
        )
    own = set(os.getgrouplist(person, known.pw_gid))
    wanted = [_number(f"irb-{project.lower()}{kind}") for kind in _KINDS]
    if wanted[0] not in own:
        raise CcdsError(
            expected=f"{person[:64]} to be in the Unix group of the project",
            found="that they aren't",
            do="wait a minute for the groups to follow the roster; then tell the administrators",
        )
    return Account(person, known.pw_uid, known.pw_gid, tuple(gid for gid in wanted if gid is not None and gid in own))


def _number(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None
