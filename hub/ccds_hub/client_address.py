"""From which address a request comes, when a client can write any header that it likes.

Each proxy puts the address of whoever spoke to it at the end of `X-Forwarded-For`. Our own is the only one that speaks to the
hub, so that the last entry is its word: who spoke to it. Where that is another proxy of the site, named in the settings, the
entry before is that proxy's word. Whoever comes to our proxy past the other one is taken for who they are: what they wrote
themselves isn't looked at. What stands further to the left was written by the client. `X-Real-Ip` is the client's too: our
proxy passes it on as it came, and so tornado's own reading of these headers is not used here.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

from ccds_kernel.settings.hub import Network


def client_address(forwarded: list[str], peer: str, outer: Collection[Network] = ()) -> str:
    """The address of the client.

    Args:
        forwarded: the values of all `X-Forwarded-For` headers, in their order.
        peer: who opened the connection to the hub.
        outer: where the proxies are that stand before ours; empty where there are none.
    """
    at = _address(peer)
    if at is None or not at.is_loopback:
        return peer  # it didn't come through our proxy: its headers are its own
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    if not entries:
        return peer
    before = _address(entries[-1])
    if before is not None and any(before in network for network in outer):
        return entries[-2] if len(entries) > 1 else entries[-1]
    return entries[-1]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address; IPv4 in IPv6's clothes is IPv4. None for what is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
