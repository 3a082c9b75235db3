"""`[database]`: where the rows of projects lie."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ccds_kernel.settings.section import AbsolutePath, Port, Section

Identifier = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,47}$")]
"""A name in the database server; short enough that names made from it fit, which the server cuts at 63."""


class DatabaseSettings(Section):
    """Where the rows of projects lie; a deployed model's record is a file whatever stands here."""

    engine: Literal["sqlite", "postgresql"] = Field(
        "sqlite", description="`sqlite`: a file in each project's directory; `postgresql`: a schema for each project"
    )
    host: str = Field(
        "/var/run/postgresql",
        pattern=r"^[^\s,?#@]+$",
        description="PostgreSQL's host, as every session's node reaches it, or the folder of its socket",
    )
    port: Port = Field(5432, description="its port")
    name: Identifier = Field("ccds", description="the database, which is this site's alone")
    administrator: Identifier = Field(
        "ccds_admin", description="the role that makes schemas and other roles; the service account logs in as it"
    )
    password_file: str = Field(
        "database_password",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        description="the file of the state folder with that role's password, readable by its owner only",
    )
    sslmode: Literal["disable", "require", "verify-ca", "verify-full"] = Field(
        "verify-full", description="how a connection over the network is encrypted, and whether the server is checked"
    )
    root_certificate: AbsolutePath | None = Field(
        None, description="who vouches for the server (PEM), readable by everybody; needed by the two `verify` modes"
    )

    @property
    def over_network(self) -> bool:
        """Whether connections leave this machine."""
        if self.host.startswith("/") or self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def password_path(self, state: Path) -> Path:
        """The password file of a site whose state folder is `state`."""
        return state / self.password_file

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.engine == "sqlite" or self.host.startswith("/"):
            return self
        if self.sslmode.startswith("verify") and self.root_certificate is None:
            raise ValueError(f"sslmode is {self.sslmode}, and root_certificate names nobody who vouches for the server")
        if self.sslmode == "disable" and self.over_network:
            raise ValueError(
                "sslmode is disable, and host is another machine: reports would cross the network in the clear"
            )
        return self
