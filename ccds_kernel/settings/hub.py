"""`[hub]`: the hub's address, how people log in, and who has a right on the whole site."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from ccds_kernel.settings.section import AbsolutePath, Person, Port, Section

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_THIS_MACHINE: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))


class HubSettings(Section):
    """The hub's address and who administers it."""

    address: str = Field("127.0.0.1", description="address that the proxy listens on")
    port: Port = Field(8000, description="port that the proxy listens on")
    api_address: str = Field(
        "127.0.0.1",
        pattern=r"^[A-Za-z0-9.:-]+$",
        description="address of the hub behind the proxy, on which it listens and by which the nodes reach it: where sessions "
        "run on other machines, this one's address in the network between them, which nobody else is in",
    )
    api_port: Port = Field(8081, description="port of the hub behind the proxy, on `hub.api_address`")
    proxy_api_port: Port = Field(8001, description="port of the proxy's own interface, on 127.0.0.1")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$",
        description="how people write the hub's address, such as `https://ccds.hospital.org`; empty: as their browser says",
    )
    certificate: AbsolutePath | None = Field(
        None, description="the TLS certificate with its chain (PEM); without one the hub speaks plain HTTP"
    )
    key: AbsolutePath | None = Field(
        None, description="the certificate's private key (PEM), readable by the service account only"
    )
    redirect_port: Port | None = Field(
        None, description="a port that speaks plain HTTP and only sends people on to the HTTPS one"
    )
    behind_tls_proxy: bool = Field(
        False,
        description="whether another proxy of the hospital stands before this one and speaks HTTPS with people",
    )
    outer_proxies: tuple[Network, ...] = Field(
        (),
        description="the addresses, or networks, from which that proxy speaks to this one: only its word about where people "
        "come from is believed. Without them it is one on this machine, where `hub.address` is",
    )
    subdomain_host: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:-]+)?$",
        description="gives everybody's sessions a host name of their own below this one; needs wildcard DNS and certificate: see "
        "docs/login.md",
    )
    authenticator: Literal["pam", "ldap", "oidc", "password-file"] = Field(
        "pam",
        description="how people log in: by `pam`, `ldap`, `oidc`, or against the `password-file` of the state folder",
    )
    pam_service: str = Field(
        "login", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="the file in /etc/pam.d by which `pam` checks a password"
    )
    login_hours: int = Field(12, ge=1, le=24 * 14, strict=True, description="hours after which people log in again")
    administrators: tuple[Person, ...] = Field((), description="who may apply IRB applications and administer the hub")
    leadership: tuple[Person, ...] = Field(
        (), description="who may read what is published of deployed models and of the cluster"
    )

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        ports = [self.port, self.api_port, self.proxy_api_port]
        if len(set(ports)) < len(ports):
            raise ValueError("port, api_port and proxy_api_port must be three different ports")
        if self.redirect_port in ports:
            raise ValueError("redirect_port must be a port that nothing else of the hub has")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key come together: name both, or neither")
        if self.redirect_port and not self.certificate:
            raise ValueError("redirect_port leads to HTTPS: name certificate and key too")
        if self.is_encrypted and self.public_url.startswith("http://"):
            raise ValueError("public_url must begin with https://: people speak HTTPS with the hub")
        return self

    @model_validator(mode="after")
    def _outer_proxies_are_some(self) -> Self:
        if self.outer_proxies and not self.behind_tls_proxy:
            raise ValueError("outer_proxies belong to behind_tls_proxy: set it too, or name none")
        if any(network.prefixlen == 0 for network in self.outer_proxies):
            raise ValueError("outer_proxies must be some addresses, not all there are")
        return self

    @property
    def believed_proxies(self) -> tuple[Network, ...]:
        """From where a proxy's word about people's addresses is believed; none where it isn't named and strangers reach ours."""
        if not self.behind_tls_proxy:
            return ()
        return self.outer_proxies or (_THIS_MACHINE if self.is_local else ())

    @property
    def is_encrypted(self) -> bool:
        """Whether people's browsers speak HTTPS with the hub, or with the proxy before it."""
        return self.certificate is not None or self.behind_tls_proxy

    @property
    def is_local(self) -> bool:
        """Whether the proxy listens on loopback only, so that nobody on another machine reaches it."""
        if self.address == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False

    @property
    def api_url(self) -> str:
        """The address of the hub behind the proxy."""
        address = f"[{self.api_address}]" if ":" in self.api_address else self.api_address
        return f"http://{address}:{self.api_port}/"

    @property
    def host(self) -> str:
        """The host name by which people reach the hub; empty where the settings don't say."""
        return urlsplit(self.public_url or self.subdomain_host).hostname or ""
