"""One bound conversation with an LDAP server, always encrypted, its certificate always checked.

ldap3 speaks the protocol: it is pure Python, so that a closed network's mirror has it. Its own check of certificates was
decided against: it uses a function that Python has dropped; here Python's own TLS checks the name. What the server says in
words is never passed on: it may quote what was sent.
"""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.directory import DirectoryUnavailableError
from ccds_kernel.groups.quiet_ldap3 import exceptions, ldap3

ANSWER_S = 10
"""How long the server may take for one answer, or to open the connection."""


@dataclass(frozen=True)
class LdapAccount:
    """Where the directory is and as whom we speak to it.

    Args:
        uri: `ldaps://host[:port]`, or `ldap://host[:port]`, which is then encrypted by StartTLS.
        bind_dn: our own entry.
        password_file: our password, readable by its owner only.
        ca: certificates of those who may sign the server's; None: those that this machine trusts.
    """

    uri: str
    bind_dn: str = field(repr=False)
    password_file: Path
    ca: Path | None = None

    def password(self) -> str:
        """The password.

        Raises:
            CcdsError: the file can't be read, is empty, or others may read it.
        """
        try:
            if stat.S_IMODE(self.password_file.stat().st_mode) & 0o077:
                raise CcdsError(
                    expected=f"{self.password_file} to be its owner's only",
                    found="that others may read or write it",
                    do=f"chmod 600 {self.password_file}, and change the password in the directory",
                )
            password = self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CcdsError(
                expected=f"the directory's password in {self.password_file}",
                found=error.strerror or "an error" if isinstance(error, OSError) else "no UTF-8",
                do="write it there, as the owner of the state folder",
            ) from None
        if not password:  # an empty one would bind as nobody, and succeed
            raise CcdsError(
                expected=f"the directory's password in {self.password_file}", found="an empty file", do="write it there"
            )
        return password


@contextmanager
def session(account: LdapAccount) -> Iterator[ldap3.Connection]:
    """A connection that is bound as `account`, and closed afterwards; every result that isn't success raises.

    Raises:
        DirectoryUnavailableError: in here or in the body, whatever fails between us and the server, in our own words.
        CcdsError: the password can't be read.
    """
    password = account.password()
    address = urlsplit(account.uri)
    host = address.hostname or ""
    try:
        tls = _CheckedTls(_trusting(account.ca), host)
        encrypted = address.scheme == "ldaps"
        server = ldap3.Server(
            host,
            port=address.port,
            use_ssl=encrypted,
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=ANSWER_S,
        )
        connection = ldap3.Connection(
            server,
            account.bind_dn,
            password,
            auto_referrals=False,  # another server would get the password
            raise_exceptions=True,
            receive_timeout=ANSWER_S,
        )
        try:
            connection.open()
            if not encrypted:
                connection.start_tls()
            connection.bind()
            yield connection
        finally:
            line = connection.socket
            connection.unbind()
            if line is not None:  # ldap3 leaves it open where it couldn't connect
                line.close()
    except (exceptions.LDAPException, OSError) as error:
        raise _unavailable(account, error) from None


class _CheckedTls(ldap3.Tls):
    """TLS by Python's own context: the certificate's signer and the host's name are checked in the handshake."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self._host = host

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:
        """Replaces the connection's socket by an encrypted one."""
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=self._host, do_handshake_on_connect=do_handshake
        )


def _trusting(ca: Path | None) -> ssl.SSLContext:
    """Checks certificates against those in `ca`, or those that this machine trusts."""
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise CcdsError(
            expected=f"certificates in {ca}",
            found=error.strerror or "none" if not isinstance(error, ssl.SSLError) else "none",
            do="mend ldap_ca under [groups] in ccds.toml",
        ) from None


def _unavailable(account: LdapAccount, error: Exception) -> DirectoryUnavailableError:
    """`error` in our words, with what to do."""
    found, do = f"{type(error).__name__}", "see the server's log"
    for kinds, meaning, remedy in _MEANINGS:
        if isinstance(error, kinds):
            found, do = meaning, remedy
            break
    return DirectoryUnavailableError(expected=f"the LDAP server {account.uri} to do as asked", found=found, do=do)


_MEANINGS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (exceptions.LDAPStartTLSError, exceptions.LDAPSSLConfigurationError, ssl.SSLError),
        "no encryption, or a certificate that isn't trusted for this host",
        "name the certificate's signer as ldap_ca under [groups] in ccds.toml, and the host as the certificate does",
    ),
    (
        (
            exceptions.LDAPInvalidCredentialsResult,
            exceptions.LDAPBindError,
            exceptions.LDAPInappropriateAuthenticationResult,
        ),
        "that it refuses our name or password",
        "mend ldap_bind_dn under [groups] in ccds.toml, or the password file",
    ),
    (
        (exceptions.LDAPInsufficientAccessRightsResult,),
        "that we have no right to",
        "let ldap_bind_dn write below ldap_groups and read below ldap_people",
    ),
    (
        (exceptions.LDAPSizeLimitExceededResult, exceptions.LDAPAdminLimitExceededResult),
        "that it cuts long answers",
        "lift the server's size limit for ldap_bind_dn",
    ),
    (
        (exceptions.LDAPNoSuchObjectResult, exceptions.LDAPInvalidDnError, exceptions.LDAPInvalidDNSyntaxResult),
        "that it has no such place",
        "mend ldap_people and ldap_groups under [groups] in ccds.toml",
    ),
    (
        (exceptions.LDAPReferralResult,),
        "that another server has what we asked for",
        "name the server that may be written as ldap_uri under [groups] in ccds.toml",
    ),
    (
        (exceptions.LDAPCommunicationError, exceptions.LDAPExceptionError, OSError),
        "no answer",
        "start the server, or mend ldap_uri under [groups] in ccds.toml",
    ),
)
