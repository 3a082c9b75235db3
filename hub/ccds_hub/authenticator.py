"""The ways to log in, by what `hub.authenticator` in `ccds.toml` says; `RosterLogin` is what they share.

The directory's and the provider's come with packages that a site without them doesn't need (`pip install 'ccds[ldap]'`,
`'ccds[oidc]'`).
"""

from __future__ import annotations

import asyncio
import importlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
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
    module = _optional("ldapauthenticator.ldapauthenticator", "ldap")
    ldap = settings.ldap_login
    own = c.LDAPAuthenticator
    own.server_address = ldap.server
    if ldap.port:
        own.server_port = ldap.port
    own.tls_strategy = ldap.tls
    own.tls_kwargs = {"ca_certs_file": str(ldap.ca_certificates)} if ldap.ca_certificates else {}
    own.bind_dn_template = [ldap.bind_dn]
    own.valid_username_regex = (
        r"^[a-z_][a-z0-9_.-]{0,63}\Z"  # nothing else reaches the directory, whatever it would make of it
    )
    return type("RosterLdapAuthenticator", (RosterLogin, module.LDAPAuthenticator), {"__doc__": "Binds as the person."})


def _oidc(c: Any, settings: Settings) -> type[Authenticator]:  # noqa: ANN401 - as above
    module = _optional("oauthenticator.generic", "oidc")
    oidc = settings.oidc_login
    own = c.GenericOAuthenticator
    own.login_service = oidc.name
    own.client_id = oidc.client_id
    assert oidc.client_secret_file  # noqa: S101 - the settings demand it
    own.client_secret = _secret(oidc.client_secret_file)
    own.authorize_url, own.token_url, own.userdata_url = oidc.authorize_url, oidc.token_url, oidc.userinfo_url
    own.scope = ["openid", "profile", "email"]
    own.enable_pkce = True
    own.username_claim = person_of(oidc.username_claim, oidc.domain)
    own.oauth_callback_url = f"{settings.hub.public_url}/hub/oauth_callback" if settings.hub.public_url else ""
    return type("RosterOidcAuthenticator", (RosterLogin, module.GenericOAuthenticator), {"__doc__": "Asks a provider."})


def person_of(claim: str, domain: str) -> Any:  # noqa: ANN401 - a function of the provider's answer
    """The function that takes a person's name from what the provider said: no name where it is of another domain."""

    def name(user_info: Mapping[str, object]) -> str:
        value = user_info.get(claim)
        text = value if isinstance(value, str) else ""
        if not domain:
            return text
        person, _, found = text.rpartition("@")
        return person if found.lower() == domain else ""

    return name


def _secret(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            mode = os.fstat(handle).st_mode
            secret = os.read(handle, 4096).decode("ascii").strip()
        finally:
            os.close(handle)
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else "something that is no text"
        raise CcdsError(
            expected=f"the provider's secret in {path}",
            found=found or "an error",
            do="mend oidc_login.client_secret_file",
        ) from None
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise CcdsError(
            expected=f"{path} closed to others",
            found=f"mode {mode & 0o777:03o}",
            do=f"chmod 600 {path}, and get a new secret",
        )
    if not secret:
        raise CcdsError(
            expected=f"the provider's secret in {path}", found="nothing", do="write this hub's client secret into it"
        )
    return secret


def _optional(module: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise CcdsError(
            expected=f"the package that hub.authenticator {extra} needs",
            found="none",
            do=f"pip install 'ccds[{extra}]' into the hub's environment",
        ) from None
