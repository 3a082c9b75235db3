"""`[oidc_login]`: the OpenID Connect provider that logs people in, where `[hub] authenticator` is `oidc`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ccds_kernel.settings.section import AbsolutePath, Section

_URL = r"^(https?://[^\s#]+)?$"


class OidcLogin(Section):
    """The provider's addresses, and which claim is a person's name."""

    needed: ClassVar[tuple[str, ...]] = (
        "client_id",
        "client_secret_file",
        "authorize_url",
        "token_url",
        "userinfo_url",
    )
    """The keys that have to be given where this way to log in is chosen."""

    name: str = Field("the hospital's login", max_length=40, description="what the login button calls the provider")
    client_id: str = Field("", description="this hub's name at the provider")
    client_secret_file: AbsolutePath | None = Field(
        None, description="the file with this hub's secret at the provider, readable by the service account only"
    )
    authorize_url: str = Field("", pattern=_URL, description="the provider's authorization endpoint")
    token_url: str = Field("", pattern=_URL, description="its token endpoint")
    userinfo_url: str = Field("", pattern=_URL, description="its userinfo endpoint")
    username_claim: str = Field(
        "preferred_username", pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="the claim that holds a person's name"
    )
    domain: str = Field(
        "",
        pattern=r"^([a-z0-9.-]+)?$",
        description="where the claim is an address such as `ann@hospital.org`: the part after the @; other domains are refused",
    )
