"""Who runs this process, and for which project: what can't be set by whoever runs it.

Where people are Unix users the operating system says who somebody is, by the number that it gave the process. Where everything
runs as one Unix user (the demo, a laptop) the hub says it, by the signed token that it put into the session's environment;
outside a session it is that Unix user. An environment variable alone is never believed: whoever runs code can set it.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from datetime import UTC, datetime

from ccds_kernel.audit.token import TOKEN_VARIABLE, audit_secret, read
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings

HUB_VARIABLE = "JUPYTERHUB_USER"


@dataclass(frozen=True)
class Identity:
    """Somebody, and the one project that their session is for; outside a session `project` is None, any may be asked for."""

    person: str
    project: str | None = None


class ForgedIdentityError(CcdsError):
    """A process says that it is somebody else than it is. `person` and `project` are the real ones."""

    def __init__(self, *, expected: str, found: str, do: str, person: str = "", project: str = "") -> None:
        super().__init__(expected=expected, found=found, do=do)
        self.person, self.project = person, project


def identity(settings: Settings) -> Identity:
    """Who runs this process.

    Raises:
        ForgedIdentityError: the environment names somebody else, or its token isn't the hub's.
        CcdsError: the Unix user has no name, or the secret that tokens are signed with can't be read.
    """
    unix = unix_user()
    token = os.environ.get(TOKEN_VARIABLE)
    people_are_unix_users = settings.groups.directory != "none"
    if token and _runs_for_others(settings, people_are_unix_users=people_are_unix_users):
        found = _holder(token, unix, settings)
    elif people_are_unix_users:
        found = Identity(unix, os.environ.get("CCDS_PROJECT") if token else None)
    else:
        found = Identity(unix)
    said = os.environ.get(HUB_VARIABLE)
    if said is not None and said != found.person and (token or people_are_unix_users):
        raise ForgedIdentityError(
            expected=f"{HUB_VARIABLE} to name {found.person}, who runs this",
            found="somebody else's name",
            do="leave it as the hub set it",
            person=found.person,
            project=found.project or "",
        )
    return found


def _runs_for_others(settings: Settings, *, people_are_unix_users: bool) -> bool:
    """Whether this process may be somebody else's than its Unix user's.

    Everything may where all is one user's; elsewhere the service account's sessions without a project, which run nobody's code.
    """
    if not people_are_unix_users:
        return True
    try:
        return os.environ.get("CCDS_PROJECT") is None and settings.paths.state.stat().st_uid == os.getuid() != 0
    except OSError:
        return False


def _holder(token: str, unix: str, settings: Settings) -> Identity:
    """Whom and what the token names that the hub put into the session's environment."""
    secret = audit_secret(settings.paths.state)
    try:
        known = read(secret, token, datetime.now(UTC))
    except CcdsError as error:
        raise ForgedIdentityError(expected=error.expected, found=error.found, do=error.do, person=unix) from None
    return Identity(known.person, known.project)


def unix_user() -> str:
    """The name of the Unix user of this process; of whoever called `sudo`, where that made it root.

    Raises:
        CcdsError: the number has no name, as in some containers.
    """
    if os.getuid() == 0 and (caller := os.environ.get("SUDO_USER")):
        return caller
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise CcdsError(
            expected="a user who has a name", found=f"only the number {os.getuid()}", do="run this as a named user"
        ) from None
