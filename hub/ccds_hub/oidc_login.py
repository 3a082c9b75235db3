"""Logs people in by an OpenID Connect provider (the extra `oidc`): whoever it vouches for, and a roster names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from oauthenticator.generic import GenericOAuthenticator

from ccds_hub.roster_login import RosterLogin
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings
from ccds_kernel.settings.section import PERSON

NOBODY = "?"
"""Stands for every name that no roster can have: an empty one would make the library log the provider's whole answer."""


class RosterOidcAuthenticator(RosterLogin, GenericOAuthenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Sends people to the provider, and asks it who came back.

    Passwords are tried there. What comes back here can't be guessed, and names nobody before it was exchanged: to count failures
    by their address alone would let one person behind a hospital's address lock out all others there.
    """

    guessable = False


def configure(c: Any, settings: Settings) -> type[RosterOidcAuthenticator]:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c` with the provider's addresses and this hub's secret there.

    Raises:
        CcdsError: the secret can't be read, or can be read by others.
    """
    oidc, own = settings.oidc_login, c.GenericOAuthenticator
    own.login_service = oidc.name
    own.client_id = oidc.client_id
    assert oidc.client_secret_file  # noqa: S101 - the settings demand it
    own.client_secret = read_secret(oidc.client_secret_file)
    own.authorize_url, own.token_url, own.userdata_url = oidc.authorize_url, oidc.token_url, oidc.userinfo_url
    own.scope = ["openid", "profile", "email"]
    own.enable_pkce = True
    own.validate_server_cert = True  # a variable of the environment would switch it off
    own.username_claim = person_of(oidc.username_claim, oidc.domain)
    if settings.hub.public_url:
        own.oauth_callback_url = f"{settings.hub.public_url}/hub/oauth_callback"
    return RosterOidcAuthenticator


def person_of(claim: str, domain: str) -> Callable[[Mapping[str, object]], str]:
    """The function that takes a person's name from what the provider said.

    Nobody's where it is of another domain, or an e-mail address that the provider hasn't verified: people write those themselves.
    """

    def name(user_info: Mapping[str, object]) -> str:
        if claim == "email" and user_info.get("email_verified") is not True:
            return NOBODY
        value = user_info.get(claim)
        text = value if isinstance(value, str) else ""
        if domain:
            text, _, found = text.rpartition("@")
            text = text if found.lower() == domain else ""
        return text if re.fullmatch(PERSON, text) else NOBODY

    return name


def read_secret(path: Path) -> str:
    """This hub's secret at the provider.

    Raises:
        CcdsError: it can't be read, is empty, or can be read by others.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            mode = os.fstat(handle).st_mode
            secret = os.read(handle, 4096).decode("ascii").strip()
        finally:
            os.close(handle)
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else "something that is no text"
        raise _wrong(path, found or "an error") from None
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise _wrong(
            path, f"mode {mode & 0o777:03o}, so that others reach it", f"chmod 600 {path}, and get a new secret"
        )
    if not secret:
        raise _wrong(path, "nothing")
    return secret


def _wrong(
    path: Path, found: str, do: str = "write this hub's client secret into oidc_login.client_secret_file"
) -> CcdsError:
    return CcdsError(expected=f"the provider's secret in {path}", found=found, do=do)
