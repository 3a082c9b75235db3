"""The firewall template of a session node, loaded for real between two hosts that exist only for the test."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.doctor.security.egress import judge_ruleset
from ccds_kernel.settings import Settings
from support.checkout import ROOT
from support.network import HOSTS, Network, two_hosts
from support.site import site_settings

TEMPLATE = ROOT / "hub/site/firewall/ccds-session.nft"
HUB, ELSEWHERE = HOSTS
PERSON, DAEMON = 4242, 33
FILLED = {"hub": HUB, "audit": HUB, "database": HUB, "dns": HUB}
ALLOWED, REFUSED = (8081, 8082, 5432, 53), (22, 80, 443, 8080)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """A session node with the template's rules, filled in for a hub beside it."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, address in FILLED.items():
        text, count = re.subn(rf"^define {name} = .*$", f"define {name} = {{ {address} }}", text, flags=re.MULTILINE)
        assert count == 1
    with two_hosts(*ALLOWED, *REFUSED) as made:
        assert made.reaches(ELSEWHERE, 443, uid=PERSON), "without the rules everything goes through"
        for _ in range(2):  # a second time, as after an edit
            made.on_node("nft", "-f", "-", stdin=text)
        yield made


def refused(network: Network) -> int:
    """How often somebody tried."""
    told = network.on_node("nft", "--json", "list", "counter", "inet", "ccds_session", "refused")
    (count,) = [thing["counter"]["packets"] for thing in json.loads(told)["nftables"] if "counter" in thing]
    return int(count)


@pytest.mark.parametrize("port", ALLOWED)
def test_what_a_session_needs_goes_through(network: Network, port: int) -> None:
    """Hub, audit daemon, database and names."""
    assert network.reaches(HUB, port, uid=PERSON)


@pytest.mark.parametrize("port", REFUSED)
def test_nothing_else_does_and_it_is_counted(network: Network, port: int) -> None:
    """Not another port of the hub's host."""
    before = refused(network)

    assert not network.reaches(HUB, port, uid=PERSON)
    assert refused(network) > before


@pytest.mark.parametrize("port", [*ALLOWED, *REFUSED])
def test_no_other_host_is_reached(network: Network, port: int) -> None:
    """By no port, the hub's included."""
    assert not network.reaches(ELSEWHERE, port, uid=PERSON)


def test_the_node_s_own_services_are_not_locked(network: Network) -> None:
    """Root's and a daemon's: file system, scheduler, clock."""
    assert network.reaches(ELSEWHERE, 443, uid=0)
    assert network.reaches(ELSEWHERE, 443, uid=DAEMON)


def test_the_doctor_sees_that_they_are_loaded(network: Network, tmp_path: Path) -> None:
    """And that they aren't, or that somebody put an exit behind them."""
    settings = site_settings(tmp_path)
    rules = json.loads(network.on_node("nft", "--json", "list", "ruleset"))["nftables"]
    hole = {"rule": {"family": "inet", "table": "ccds_session", "chain": "session", "expr": [{"accept": None}]}}

    loaded, bare, opened = (judge_ruleset(found, settings) for found in (rules, [], [*rules, hole]))

    assert loaded.verdict is Verdict.OK
    assert bare.verdict is Verdict.WEAK
    assert opened.verdict is Verdict.WRONG


def test_where_others_reach_the_hub_no_rules_are_wrong(tmp_path: Path) -> None:
    """Weak only on a machine of one's own."""
    values = site_settings(tmp_path).model_dump()
    values["hub"] |= {"address": "10.0.0.5", "behind_tls_proxy": True}

    assert judge_ruleset([], Settings.model_validate(values)).verdict is Verdict.WRONG
