"""Who may log in: people on the roster of a project in force, and the site's administrators. Nobody else, fail closed.

`PasswordFileAuthenticator` checks passwords against a file in the site's state folder: the demo's and a laptop's way. A
hospital uses `pam`, behind which its directory stands. Passwords are kept as scrypt hashes (RFC 7914).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator, PAMAuthenticator
from traitlets import Any as AnyTrait

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.registry import Registry, write_whole
from ccds_kernel.settings import Settings

_N, _R, _P = 2**14, 8, 1


def people_file(settings: Settings) -> Path:
    """Where the password file lies."""
    return settings.paths.state / "people.json"


def hashed(password: str) -> str:
    """`password` as it is kept: a random salt and the scrypt hash, both in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(password, salt).hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether `password` is the one that `kept` was made from; takes the same time either way."""
    salt, _, digest = kept.partition(":")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest)


def write_people(path: Path, passwords: dict[str, str]) -> None:
    """Writes the password file for `passwords` (person → password), readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, json.dumps({person: hashed(password) for person, password in passwords.items()}, indent=1), 0o600)


def may_log_in(person: str, settings: Settings) -> bool:
    """Whether `person` administers the site or stands on a roster."""
    if person in settings.hub.administrators:
        return True
    registry = Registry(settings.paths.registry)
    applications = (registry.get(project_id) for project_id in registry.ids())
    return any(application and application.roles_of(person) for application in applications)


class RosterMixin:
    """Lets in whom the rosters name; asked at each login."""

    settings: Any

    async def check_allowed(self, username: str, _authentication: Any = None) -> bool:  # noqa: ANN401 - JupyterHub's signature
        """Whether `username` may log in."""
        try:
            return await asyncio.to_thread(may_log_in, username, self.settings)
        except CcdsError:
            return False


class PasswordFileAuthenticator(RosterMixin, Authenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Checks passwords against the site's password file."""

    settings = AnyTrait(help="the site's settings").tag(config=True)

    async def authenticate(self, _handler: Any, data: dict[str, str]) -> str | None:  # noqa: ANN401 - JupyterHub's signature
        """The person's name, or None for an unknown person or a wrong password: the answer doesn't say which."""
        people = json.loads(people_file(self.settings).read_text(encoding="utf-8"))
        person, password = data.get("username", ""), data.get("password", "")
        known = people.get(person)
        # An unknown person costs as much time as a wrong password.
        right = await asyncio.to_thread(matches, password, known or hashed(""))
        return person if known and right else None


class RosterPamAuthenticator(RosterMixin, PAMAuthenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Checks passwords by PAM, and lets in whom the rosters name."""

    settings = AnyTrait(help="the site's settings").tag(config=True)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)
