"""`[groups]`: where the Unix groups lie through which the file system knows who is on which roster."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ccds_kernel.settings.section import Section


class GroupsSettings(Section):
    """Where the Unix groups of projects are kept. The keys for LDAP that have no default are required where it is used."""

    directory: Literal["none", "local", "ldap"] = Field(
        "none",
        description="where the groups are kept: `local` on this machine, in `ldap`, or nowhere (`none`: everything runs as one "
        "Unix user)",
    )
    gid_min: int = Field(30_000, ge=1_000, lt=2**31, strict=True, description="the first number for our groups")
    gid_max: int = Field(
        59_999,
        ge=1_000,
        lt=2**31,
        strict=True,
        description="the last one; a number is never used again, so leave room",
    )
    ldap_uri: str = Field(
        "",
        pattern=r"^(ldaps?://[A-Za-z0-9._-]+(:[0-9]{1,5})?)?$",
        description="the server, `ldaps://host` or `ldap://host`; the latter is encrypted as well, by StartTLS",
    )
    ldap_people: str = Field("", description="the entry below which people are, as `posixAccount` with `uid`")
    ldap_groups: str = Field("", description="the entry below which groups are, as `posixGroup` with `memberUid`")
    ldap_bind_dn: str = Field("", description="our own entry, which may read people and write groups")
    ldap_password_file: str = Field(
        "ldap-password",
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$",
        description="the file of the state folder that has its password; readable by its owner only",
    )
    ldap_ca: str = Field(
        "",
        pattern=r"^(/.*)?$",
        description="the file with the certificate that signed the server's; empty: one that this machine trusts",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.gid_max <= self.gid_min:
            raise ValueError("gid_max must be greater than gid_min")
        needed = ("ldap_uri", "ldap_people", "ldap_groups", "ldap_bind_dn")
        if self.directory == "ldap" and (empty := [key for key in needed if not getattr(self, key)]):
            raise ValueError(f"directory is ldap, and {', '.join(empty)} says nothing")
        return self
