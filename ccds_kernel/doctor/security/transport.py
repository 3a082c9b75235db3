"""What people's browsers and the hub say to each other: encrypted, for the right host, each person's pages apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings
from ccds_kernel.settings.certificate import Certificate, read_certificate
from ccds_kernel.settings.hub import HubSettings

_HTTPS, _SUBDOMAINS = "HTTPS", "subdomains"


def examine_transport(settings: Settings) -> Iterator[Finding]:
    """HTTPS and its certificate, and host names of people's own."""
    hub = settings.hub
    if hub.certificate and hub.key:
        try:
            yield judge_certificate(hub, read_certificate(hub.certificate, hub.key), datetime.now(UTC))
        except CcdsError as error:
            unseen = "closed to this user" in error.found
            verdict = Verdict.UNSEEN if unseen else Verdict.WRONG
            yield Finding(_HTTPS, verdict, f"expected {error.expected}; found {error.found}", error.do)
    else:
        yield judge_plain(hub)
    if hub.subdomain_host:
        yield Finding(_SUBDOMAINS, Verdict.OK, f"everybody's sessions have a host name below {hub.host}")
    else:
        yield Finding(
            _SUBDOMAINS,
            Verdict.WEAK,
            "all people's pages are of one origin: only cookies' paths and policies keep them apart",
            "set hub.subdomain_host where there is wildcard DNS and certificate; docs/login.md says why",
        )


def judge_plain(hub: HubSettings) -> Finding:
    """The finding for a hub without a certificate of its own."""
    if hub.behind_tls_proxy and not hub.is_local and not hub.outer_proxies:
        return Finding(
            _HTTPS,
            Verdict.WRONG,
            f"hub.address {hub.address} is reached past the proxy that speaks HTTPS, and which one that is isn't said",
            "name its addresses in hub.outer_proxies and let nobody else reach the port; or listen on 127.0.0.1",
        )
    if hub.behind_tls_proxy:
        return Finding(_HTTPS, Verdict.OK, "spoken by another proxy of the site, as hub.behind_tls_proxy says")
    if hub.is_local:
        return Finding(_HTTPS, Verdict.OK, f"none, and none needed: {hub.address} is reached from this machine only")
    return Finding(
        _HTTPS,
        Verdict.WRONG,
        f"hub.address {hub.address} speaks plain HTTP over the network: the hub refuses to start so",
        "set hub.certificate and hub.key",
    )


def judge_certificate(hub: HubSettings, certificate: Certificate, now: datetime) -> Finding:
    """The finding for a certificate that is valid at `now`."""
    until = f"{certificate.expires:%Y-%m-%d}"
    if hub.host and not certificate.is_for(hub.host):
        return Finding(_HTTPS, Verdict.WRONG, f"the certificate isn't for {hub.host}", "get one for that name")
    if hub.subdomain_host and not certificate.is_for(f"x.{hub.host}"):
        return Finding(_HTTPS, Verdict.WRONG, f"the certificate isn't for *.{hub.host}", "get a wildcard one")
    if certificate.expires_soon(now):
        return Finding(_HTTPS, Verdict.WRONG, f"the certificate expires on {until}", "renew it and restart the proxy")
    return Finding(_HTTPS, Verdict.OK, f"certificate until {until}")
