"""Whose word about an address is believed."""

import pytest

from ccds_hub.client_address import client_address

OURS, OUTER, CLIENT = "127.0.0.1", "10.1.1.1", "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "peer", "behind_another", "found"),
    [
        ([CLIENT], OURS, False, CLIENT),
        ([f"1.2.3.4, 127.0.0.1,{CLIENT}"], OURS, False, CLIENT),  # what stands to the left the client wrote
        (["1.2.3.4", CLIENT], OURS, False, CLIENT),  # in a header of its own, too
        ([f"1.2.3.4,{CLIENT},{OUTER}"], OURS, True, CLIENT),
        ([OUTER], OURS, True, OURS),  # the other proxy said nothing: everybody behind it is one
        ([], OURS, False, OURS),
        (["1.2.3.4"], CLIENT, False, CLIENT),  # past our proxy
        (["1.2.3.4"], "", False, ""),
    ],
)
def test_the_client_s_own_headers_are_not_believed(
    forwarded: list[str], peer: str, *, behind_another: bool, found: str
) -> None:
    """Only our proxy's entry, and the one of the proxy that the site says stands before it."""
    assert client_address(forwarded, peer, behind_another=behind_another) == found
