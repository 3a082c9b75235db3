"""The ways to log in, by what `hub.authenticator` in `ccds.toml` says; `RosterLogin` is what they share.

The directory's and the provider's (`ldap_login`, `oidc_login`) need packages that other sites don't: imported when chosen.
"""

from __future__ import annotations

import asyncio
import importlib
from types import ModuleType
from typing import Any

from jupyterhub.auth import Authenticator, PAMAuthenticator
from tornado import web

from ccds_hub.roster_login import REFRESH_SECONDS, RosterLogin
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.password_file import is_password, password_file
from ccds_kernel.settings import Settings


class PasswordFileAuthenticator(RosterLogin):
    """Checks passwords against the site's password file."""

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


class RosterPamAuthenticator(RosterLogin, PAMAuthenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Checks passwords by PAM."""


def log_people_in(c: Any, settings: Settings) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c` with the way to log in that the site chose.

    Raises:
        CcdsError: its package isn't installed, or the provider's secret can't be read or can be read by others.
    """
    configure = {"password-file": _password_file, "pam": _pam, "ldap": _ldap, "oidc": _oidc}
    c.JupyterHub.authenticator_class = configure[settings.hub.authenticator](c, settings)
    c.RosterLogin.settings = settings
    c.Authenticator.auth_refresh_age = REFRESH_SECONDS
    c.Authenticator.auth_refresh_strict = True  # a token opens nothing either for somebody who is on no roster any more
    c.Authenticator.refresh_pre_spawn = True


def _password_file(_c: Any, _settings: Settings) -> type[Authenticator]:  # noqa: ANN401 - as above
    return PasswordFileAuthenticator


def _pam(c: Any, settings: Settings) -> type[Authenticator]:  # noqa: ANN401 - as above
    c.PAMAuthenticator.service = settings.hub.pam_service
    c.PAMAuthenticator.open_sessions = False  # sessions are the scheduler's, on other nodes
    return RosterPamAuthenticator


def _ldap(c: Any, settings: Settings) -> type[Authenticator]:  # noqa: ANN401 - as above
    chosen: type[Authenticator] = _optional("ccds_hub.ldap_login", "ldap").configure(c, settings.ldap_login)
    return chosen


def _oidc(c: Any, settings: Settings) -> type[Authenticator]:  # noqa: ANN401 - as above
    chosen: type[Authenticator] = _optional("ccds_hub.oidc_login", "oidc").configure(c, settings)
    return chosen


def _optional(module: str, extra: str) -> ModuleType:
    """The module, which imports a package that not every site has."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise CcdsError(
            expected=f"the package that hub.authenticator {extra} needs",
            found="none",
            do=f"in the checkout: .venv/bin/pip install --editable '.[{extra}]'",
        ) from None
