"""From which address a request comes, when a client can write any header that it likes.

Each proxy puts the address of whoever spoke to it at the end of `X-Forwarded-For`. Our own is the only one that speaks to the
hub, so that the last entry is its word; where the site says that another proxy stands before it, the entry before that one is
that proxy's word. What stands further to the left was written by the client. `X-Real-Ip` is the client's too: our proxy passes
it on as it came, and so tornado's own reading of these headers is not used here.
"""

from __future__ import annotations

from ipaddress import ip_address


def client_address(forwarded: list[str], peer: str, *, behind_another: bool) -> str:
    """The address of the client.

    Args:
        forwarded: the values of all `X-Forwarded-For` headers, in their order.
        peer: who opened the connection to the hub.
        behind_another: whether another proxy of the site stands before ours.
    """
    if not _is_loopback(peer):
        return peer  # it didn't come through our proxy: its headers are its own
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    place = 2 if behind_another else 1
    return entries[-place] if len(entries) >= place else peer


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
