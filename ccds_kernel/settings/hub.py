"""`[hub]`: the hub's address, how people log in, and who has a right on the whole site."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ccds_kernel.settings.section import Person, Port, Section


class HubSettings(Section):
    """The hub's address and who administers it."""

    address: str = Field("127.0.0.1", description="address that the proxy listens on")
    port: Port = Field(8000, description="port that the proxy listens on")
    api_port: Port = Field(8081, description="port of the hub behind the proxy, on 127.0.0.1")
    proxy_api_port: Port = Field(8001, description="port of the proxy's own interface, on 127.0.0.1")
    authenticator: Literal["pam", "password-file"] = Field(
        "pam", description="how a password is checked: by `pam`, or against the `password-file` of the state folder"
    )
    administrators: tuple[Person, ...] = Field((), description="who may apply IRB applications and administer the hub")
    leadership: tuple[Person, ...] = Field((), description="who may read what is published of deployed models")

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        if len({self.port, self.api_port, self.proxy_api_port}) < 3:  # noqa: PLR2004 - the three of them
            raise ValueError("port, api_port and proxy_api_port must be three different ports")
        return self
