"""Which rules of a session node the doctor takes for the template's, and which holes it names."""

from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.doctor.security.egress import judge_ruleset
from support.site import site_settings

Expressions = list[dict[str, Any]]
Rules = list[dict[str, Any]]


def match(left: dict[str, Any], right: object, op: str = "==") -> dict[str, Any]:
    """One question of a rule."""
    return {"match": {"op": op, "left": left, "right": right}}


LOOPBACK = match({"meta": {"key": "oif"}}, "lo")
ACCEPT: dict[str, Any] = {"accept": None}
JUMP: dict[str, Any] = {"jump": {"target": "session"}}
REFUSE: Expressions = [{"counter": "refused"}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]


def people(right: object, op: str = "==") -> dict[str, Any]:
    """Whose programs."""
    return match({"meta": {"key": "skuid"}}, right, op)


def to(right: object) -> dict[str, Any]:
    """Where to."""
    return match({"payload": {"protocol": "ip", "field": "daddr"}}, right)


PEOPLE = people({"range": [1000, 4294967294]})
PORT = match({"payload": {"protocol": "tcp", "field": "dport"}}, 8081)
ANSWERS: Expressions = [
    match({"ct": {"key": "direction"}}, "reply"),
    match({"ct": {"key": "ip saddr", "dir": "original"}}, "10.0.0.1"),
    ACCEPT,
]


def rules(
    out: list[Expressions] | None = None, session: list[Expressions] | None = None, family: str = "inet"
) -> Rules:
    """The template's rules as nft tells them, with other rules in one of its chains."""
    out = [[LOOPBACK, ACCEPT], [PEOPLE, JUMP]] if out is None else out
    session = [ANSWERS, [to("10.0.0.1"), PORT, ACCEPT], REFUSE] if session is None else session
    own = {"family": family, "table": "ccds_session"}
    return [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": family, "name": "ccds_session"}},
        {"chain": own | {"name": "out", "type": "filter", "hook": "output", "prio": 0, "policy": "accept"}},
        {"chain": own | {"name": "session"}},
        *({"rule": own | {"chain": "out", "expr": one}} for one in out),
        *({"rule": own | {"chain": "session", "expr": one}} for one in session),
    ]


@pytest.mark.parametrize(
    "found",
    [
        rules(),
        rules([[LOOPBACK, ACCEPT], [people({"set": [998, {"range": [1000, 4294967294]}]}), JUMP]]),
        rules([[LOOPBACK, ACCEPT], [people({"set": [{"range": [1000, 1999]}, {"range": [2000, 4294967295]}]}), JUMP]]),
        rules(session=[[to({"set": ["10.0.0.1", "10.0.0.2"]}), ACCEPT], REFUSE]),
        rules(session=[[to({"prefix": {"addr": "10.0.0.0", "len": 8}}), PORT, ACCEPT], REFUSE]),
        rules(session=[[to({"range": ["10.0.0.1", "10.0.0.9"]}), PORT, ACCEPT], REFUSE]),
        rules(session=[[to("10.0.0.7"), {"drop": None}], [{"drop": None}]]),
    ],
)
def test_the_template_filled_in_is_well(tmp_path: Path, found: Rules) -> None:
    """With more addresses, more numbers, or more that is refused."""
    assert judge_ruleset(found, site_settings(tmp_path)).verdict is Verdict.OK


@pytest.mark.parametrize(
    "found",
    [
        rules([[LOOPBACK, ACCEPT], [people(4242), JUMP]]),  # one person only
        rules([[LOOPBACK, ACCEPT], [people({"range": [2000, 4294967294]}), JUMP]]),
        rules([[LOOPBACK, ACCEPT], [people({"set": [{"range": [1000, 1999]}, {"range": [3000, 4294967294]}]}), JUMP]]),
        rules([[LOOPBACK, ACCEPT], [people({"range": [1000, 4294967294]}, "!="), JUMP]]),
        rules([[LOOPBACK, ACCEPT], [PEOPLE, people(4242), JUMP]]),
        rules([[LOOPBACK, ACCEPT], [PEOPLE, PORT, JUMP]]),
        rules([[LOOPBACK, ACCEPT], [PEOPLE, {"limit": {"rate": 1, "per": "day"}}, JUMP]]),
        rules([[ACCEPT], [LOOPBACK, ACCEPT], [PEOPLE, JUMP]]),
        rules([[ACCEPT], [PEOPLE, JUMP]]),
        rules([[match({"meta": {"key": "oif"}}, "eth0"), ACCEPT], [PEOPLE, JUMP]]),
        rules([[LOOPBACK, ACCEPT], [PEOPLE, ACCEPT], [PEOPLE, JUMP]]),
        rules([[LOOPBACK, ACCEPT]]),
        rules([]),
        rules(session=[]),
        rules(session=[[ACCEPT], REFUSE]),
        rules(session=[[PORT, ACCEPT], REFUSE]),  # to any host
        rules(session=[[PEOPLE, ACCEPT], REFUSE]),
        rules(session=[[{"return": None}], REFUSE]),
        rules(session=[[{"goto": {"target": "elsewhere"}}], REFUSE]),
        rules(session=[[to({"prefix": {"addr": "0.0.0.0", "len": 0}}), ACCEPT], REFUSE]),  # noqa: S104 - no address to listen on
        rules(session=[[to({"set": ["10.0.0.1", {"prefix": {"addr": "128.0.0.0", "len": 1}}]}), ACCEPT], REFUSE]),
        rules(session=[[to({"range": ["1.0.0.0", "223.255.255.255"]}), ACCEPT], REFUSE]),
        rules(session=[[to("@somewhere"), ACCEPT], REFUSE]),
        rules(session=[[match({"payload": {"protocol": "ip", "field": "daddr"}}, "10.0.0.1", "!="), ACCEPT], REFUSE]),
        rules(session=[[ANSWERS[0], ACCEPT], REFUSE]),  # answers to anybody
        rules(session=[ANSWERS, [PORT, *REFUSE]]),
        rules(session=[ANSWERS, [{"limit": {"rate": 1, "per": "second"}}, *REFUSE]]),
        rules(session=[REFUSE, [ACCEPT]]),
        rules(family="ip"),  # IPv6 goes out
    ],
)
def test_a_firewall_that_is_none_is_wrong(tmp_path: Path, found: Rules) -> None:
    """Whatever its table is called."""
    assert judge_ruleset(found, site_settings(tmp_path)).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("locked", "verdict"),
    [({"range": [1000, 4294967294]}, Verdict.WRONG), ({"set": [998, {"range": [1000, 4294967294]}]}, Verdict.OK)],
)
def test_where_code_runs_as_the_service_account_that_is_locked_too(
    tmp_path: Path, locked: object, verdict: Verdict
) -> None:
    """A system's number is below those of people."""
    found = rules([[LOOPBACK, ACCEPT], [people(locked), JUMP]])

    assert judge_ruleset(found, site_settings(tmp_path), service=998).verdict is verdict


def test_a_second_way_out_is_wrong(tmp_path: Path) -> None:
    """It isn't looked at whether that one locks, too."""
    found = rules()
    found.append({"chain": found[2]["chain"] | {"name": "out2"}})

    assert judge_ruleset(found, site_settings(tmp_path)).verdict is Verdict.WRONG
