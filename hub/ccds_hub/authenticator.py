"""Who may log in: people on the roster of a project, and the site's administrators. Nobody else, fail closed."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.auth import Authenticator, PAMAuthenticator
from traitlets import Any as AnyTrait

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.password_file import is_password, password_file
from ccds_kernel.irb.registry import Registry
from ccds_kernel.settings import Settings


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
        """Whether `username` may log in; nobody may while the registry can't be read."""
        try:
            return await asyncio.to_thread(may_log_in, username, self.settings)
        except CcdsError:
            return False


class PasswordFileAuthenticator(RosterMixin, Authenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Checks passwords against the site's password file."""

    settings = AnyTrait(help="the site's settings").tag(config=True)

    async def authenticate(self, _handler: Any, data: dict[str, str]) -> str | None:  # noqa: ANN401 - JupyterHub's signature
        """The person's name, or None for an unknown person or a wrong password: the answer doesn't say which."""
        person, password = data.get("username", ""), data.get("password", "")
        right = await asyncio.to_thread(is_password, password_file(self.settings), person, password)
        return person if right else None


class RosterPamAuthenticator(RosterMixin, PAMAuthenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Checks passwords by PAM, and lets in whom the rosters name."""

    settings = AnyTrait(help="the site's settings").tag(config=True)
