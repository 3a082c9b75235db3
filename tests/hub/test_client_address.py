"""Whose word about an address is believed."""

from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError

from ccds_hub.client_address import client_address
from ccds_kernel.settings.hub import HubSettings

OURS, OUTER, CLIENT = "127.0.0.1", "10.1.1.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "peer", "outer", "found"),
    [
        ([CLIENT], OURS, (), CLIENT),
        ([f"1.2.3.4, 127.0.0.1,{CLIENT}"], OURS, (), CLIENT),  # what stands to the left the client wrote
        (["1.2.3.4", CLIENT], OURS, (), CLIENT),  # in a header of its own, too
        ([f"1.2.3.4,{CLIENT},{OUTER}"], OURS, ("10.1.1.1/32",), CLIENT),
        ([f"1.2.3.4,{CLIENT},::ffff:{OUTER}"], OURS, ("10.1.1.0/24",), CLIENT),
        ([f"1.2.3.4,{CLIENT}"], OURS, ("10.1.1.1/32",), CLIENT),  # past the other proxy: its own header isn't looked at
        ([f"1.2.3.4,{CLIENT},{OUTER}"], OURS, (), OUTER),  # one that the site doesn't name
        ([OUTER], OURS, ("10.1.1.1/32",), OUTER),  # the other proxy said nothing: everybody behind it is one
        ([], OURS, (), OURS),
        (["nonsense"], OURS, ("10.1.1.1/32",), "nonsense"),
        (["1.2.3.4"], CLIENT, (), CLIENT),  # past our proxy
        (["1.2.3.4"], "", (), ""),
    ],
)
def test_the_client_s_own_headers_are_not_believed(
    forwarded: list[str], peer: str, outer: tuple[str, ...], found: str
) -> None:
    """Only our proxy's entry, and the one of a proxy that the site names and that spoke to ours."""
    assert client_address(forwarded, peer, [ip_network(one) for one in outer]) == found


@pytest.mark.parametrize(
    ("hub", "believed"),
    [
        ({}, []),
        ({"behind_tls_proxy": True}, ["127.0.0.0/8", "::1/128"]),
        ({"behind_tls_proxy": True, "address": "10.0.0.5"}, []),
        ({"behind_tls_proxy": True, "address": "10.0.0.5", "outer_proxies": [OUTER]}, ["10.1.1.1/32"]),
    ],
)
def test_which_proxies_a_site_believes(hub: dict[str, Any], believed: list[str]) -> None:
    """The named ones; one on this machine where nobody else can reach ours; else none."""
    assert list(map(str, HubSettings(**hub).believed_proxies)) == believed


@pytest.mark.parametrize(
    "hub",
    [
        {"outer_proxies": [OUTER]},
        {"behind_tls_proxy": True, "outer_proxies": ["0.0.0.0/0"]},
        {"behind_tls_proxy": True, "outer_proxies": ["::/0"]},
        {"behind_tls_proxy": True, "outer_proxies": ["proxy.hospital.org"]},
    ],
)
def test_proxies_that_mean_nothing_are_refused(hub: dict[str, Any]) -> None:
    """Where there is no other proxy; everybody; a name, which a stranger's DNS could answer."""
    with pytest.raises(ValidationError):
        HubSettings(**hub)
