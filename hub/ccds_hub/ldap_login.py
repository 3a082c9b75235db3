"""Logs people in by the hospital's directory (the extra `ldap`): who can bind as themselves, and is on a roster.

The library checks no certificate unless it is told to, and waits for the directory in the hub's own thread; both are put right
here. A directory that doesn't answer lets nobody in, and says so.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from ldap3.core.exceptions import LDAPException
from ldapauthenticator.ldapauthenticator import LDAPAuthenticator
from tornado import web

from ccds_hub.roster_login import RosterLogin
from ccds_kernel.settings.ldap_login import LdapLogin


class RosterLdapAuthenticator(RosterLogin, LDAPAuthenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Binds to the directory as the person."""

    async def authenticate(self, handler: Any, data: dict[str, str]) -> Any:  # noqa: ANN401 - JupyterHub's signature
        """The person, or None.

        Raises:
            HTTPError: 503, where the directory doesn't answer or isn't the one that it should be.
        """
        try:
            return await asyncio.to_thread(asyncio.run, super().authenticate(handler, data))
        except LDAPException as error:
            self.log.error("the directory can't be asked: %s", type(error).__name__)  # noqa: TRY400 - one line, no password in it
            raise web.HTTPError(503, "The hospital's directory doesn't answer. Try again later.") from None


def configure(c: Any, ldap: LdapLogin) -> type[RosterLdapAuthenticator]:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c` with where the directory is and how it is asked."""
    own = c.LDAPAuthenticator
    own.server_address = ldap.server
    if ldap.port:
        own.server_port = ldap.port
    own.tls_strategy = ldap.tls
    own.tls_kwargs = {
        "validate": ssl.CERT_REQUIRED,
        **({"ca_certs_file": str(ldap.ca_certificates)} if ldap.ca_certificates else {}),
    }
    own.bind_dn_template = [ldap.bind_dn]
    own.valid_username_regex = (
        r"^[a-z_][a-z0-9_.-]{0,63}\Z"  # nothing else reaches the directory, whatever it would make of it
    )
    return RosterLdapAuthenticator
