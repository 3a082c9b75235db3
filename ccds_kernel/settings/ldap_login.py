"""`[ldap_login]`: the directory that checks passwords, where `[hub] authenticator` is `ldap`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ccds_kernel.settings.section import AbsolutePath, Section


class LdapLogin(Section):
    """The directory that checks passwords: people are bound as themselves, no account of ours searches."""

    needed: ClassVar[tuple[str, ...]] = ("server", "bind_dn")
    """The keys that have to be given where this way to log in is chosen."""

    server: str = Field("", description="host name of the directory")
    port: int = Field(0, ge=0, le=65535, strict=True, description="its port; 0: 389, or 636 with `on_connect`")
    bind_dn: str = Field(
        "",
        pattern=r"^([^{}]*\{username\}[^{}]*)?$",
        description="a person's distinguished name, such as `uid={username},ou=people,dc=hospital,dc=org`",
    )
    tls: Literal["before_bind", "on_connect", "insecure"] = Field(
        "before_bind",
        description="STARTTLS before the password is sent, TLS from the start, or (on this machine only) none",
    )
    ca_certificates: AbsolutePath | None = Field(
        None, description="whom to believe who the directory is (PEM); without it, whom the operating system believes"
    )
