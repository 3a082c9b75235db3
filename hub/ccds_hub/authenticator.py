"""Who may log in: people on the roster of a project, the site's leadership and administrators. Nobody else, fail closed."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.auth import Authenticator, PAMAuthenticator
from tornado import web
from traitlets import Any as AnyTrait

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.password_file import is_password, password_file
from ccds_kernel.irb.registry import Registry
from ccds_kernel.irb.site import reads_published
from ccds_kernel.settings import Settings, settings_now


def may_log_in(person: str, settings: Settings) -> bool:
    """Whether `person` stands on a roster, or is one of the site's leadership or administrators."""
    if reads_published(person, settings_now(settings)):
        return True
    return any(application.roles_of(person) for application in Registry(settings.paths.registry).applications())


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
        """The person's name, or None for an unknown person or a wrong password: the answer doesn't say which.

        Raises:
            HTTPError: 500 with one line, where the password file can't be used; nobody gets in.
        """
        person, password = data.get("username", ""), data.get("password", "")
        try:
            right = await asyncio.to_thread(is_password, password_file(self.settings), person, password)
        except CcdsError as error:
            raise web.HTTPError(500, "%s", error) from None
        return person if right else None


class RosterPamAuthenticator(RosterMixin, PAMAuthenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Checks passwords by PAM, and lets in whom the rosters name."""

    settings = AnyTrait(help="the site's settings").tag(config=True)
