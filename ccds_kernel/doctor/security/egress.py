"""Whether a session's programs reach another network from this node: the rules of `hub/site/firewall/ccds-session.nft`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.security.reach import missing_lock
from ccds_kernel.settings import Settings

Rules = dict[str, list[list[dict[str, Any]]]]
"""Chain → its rules, each as its expressions."""

TABLE = "ccds_session"
_FIRST_PERSON, _LAST_PERSON = 1000, 2**32 - 2
_FIREWALL = "firewall"
_LOAD = "fill in hub/site/firewall/ccds-session.nft and load it on each session node: nft -f"
_PATIENCE_S = 20
_UNKNOWN = "?"
_WIDEST = 8
"""Bits of the widest network that counts as somewhere named."""


def examine_egress(settings: Settings) -> Iterator[Finding]:
    """The firewall of this machine, which is a session node where the scheduler is the local one."""
    program = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        yield Finding(
            _FIREWALL, missing_lock(settings), "no nft on this node, so no rules", f"install nftables; {_LOAD}"
        )
        return
    try:
        told = subprocess.run(
            [program, "--json", "list", "ruleset"], capture_output=True, timeout=_PATIENCE_S, check=False, text=True
        )
    except subprocess.TimeoutExpired:
        yield Finding(_FIREWALL, Verdict.UNSEEN, f"nft doesn't answer in {_PATIENCE_S} s", "look again")
        return
    if told.returncode:
        yield Finding(_FIREWALL, Verdict.UNSEEN, "only root may see this node's rules", "look as root")
        return
    service = None if settings.sessions.helper else _owner(settings.paths.state)
    yield judge_ruleset(json.loads(told.stdout)["nftables"], settings, service)


def _owner(folder: Path) -> int | None:
    """The number of the service account; None where its folder isn't there yet."""
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def judge_ruleset(ruleset: list[dict[str, Any]], settings: Settings, service: int | None = None) -> Finding:
    """The finding for a node with these rules, as `nft --json list ruleset` tells them.

    Args:
        ruleset: the rules.
        settings: the site's.
        service: the service account's number, where sessions' code runs as it.
    """
    ours = [thing for thing in ruleset if next(iter(thing.values())).get("table") == TABLE]
    hooked = [thing["chain"] for thing in ours if thing.get("chain", {}).get("hook") == "output"]
    if not hooked:
        return Finding(_FIREWALL, missing_lock(settings), f"no table {TABLE}: sessions reach any network", _LOAD)
    rules: Rules = {}
    for thing in ours:
        if "rule" in thing:
            rules.setdefault(thing["rule"]["chain"], []).append(thing["rule"]["expr"])
    if any(chain["family"] != "inet" for chain in hooked):
        hole = "isn't for IPv4 and IPv6 both"
    elif len(hooked) > 1:
        hole = "has several ways out"
    else:
        hole = _hole_in_door(rules, hooked[0]["name"], service)
    if hole:
        return Finding(_FIREWALL, Verdict.WRONG, f"table {TABLE} is there, and {hole}", _LOAD)
    return Finding(_FIREWALL, Verdict.OK, f"table {TABLE} is loaded and refuses the rest")


def _hole_in_door(rules: Rules, chain: str, service: int | None) -> str:
    """What is wrong with the chain that every packet comes through: the template's two rules, and nothing beside them."""
    door = rules.get(chain, [])
    if len(door) != 2 or _tests(door[0]) != {"oif": "lo"} or "accept" not in _words(door[0]):  # noqa: PLR2004 - as said
        return f"its chain {chain} isn't the template's: this node's own interface, then people"
    tests, jumps = _tests(door[1]), [part["jump"]["target"] for part in door[1] if "jump" in part]
    if set(tests) != {"skuid"} or len(jumps) != 1 or not _words(door[1]) <= {"match", "counter", "jump"}:
        return f"its chain {chain} doesn't send people's programs on"
    for first, last in ((_FIRST_PERSON, _LAST_PERSON), *(((service, service),) if service is not None else ())):
        if not _covers(tests["skuid"], first, last):
            return f"it leaves out people: numbers {first} to {last} aren't all locked"
    return _hole_in_lock(rules.get(jumps[0], []))


def _hole_in_lock(lock: list[list[dict[str, Any]]]) -> str:
    """What is wrong with the chain for people's programs: each exit leads to somewhere named, and the last rule refuses."""
    if not lock or _words(lock[-1]) - {"counter"} not in ({"reject"}, {"drop"}):
        return "its last rule doesn't refuse the rest"
    for rule in lock[:-1]:
        words, tests = _words(rule), _tests(rule)
        if words <= {"match", "counter", "reject", "drop"}:
            continue  # refuses more
        answers = tests.get("ct direction") == "reply" and _is_somewhere(
            tests.get("ct ip saddr", tests.get("ct ip6 saddr"))
        )
        if not words <= {"match", "counter", "accept"} or not (
            answers or _is_somewhere(tests.get("ip daddr", tests.get("ip6 daddr")))
        ):
            return "one of its rules lets people's programs out to anywhere"
    return ""


def _words(rule: list[dict[str, Any]]) -> set[str]:
    return {word for part in rule for word in part}


def _tests(rule: list[dict[str, Any]]) -> dict[str, Any]:
    """What a rule asks for, by name; a question that isn't for equality asks for nothing that we know."""
    found: dict[str, Any] = {}
    for part in rule:
        match = part.get("match")
        if match is None:
            continue
        left = match["left"]
        name = _UNKNOWN
        if match["op"] in {"==", "in"}:
            if "meta" in left:
                name = {"oifname": "oif"}.get(left["meta"]["key"], left["meta"]["key"])
            elif "ct" in left:
                name = f"ct {left['ct']['key']}"
            elif "payload" in left:
                name = f"{left['payload'].get('protocol', '?')} {left['payload'].get('field', '?')}"
        found[_UNKNOWN if name in found else name] = match["right"]
    return found


def _covers(right: object, first: int, last: int) -> bool:
    """Whether the numbers that a rule names hold all from `first` to `last`."""
    spans: list[tuple[int, int]] = []
    for part in _parts(right):
        low, high = part["range"] if isinstance(part, dict) and "range" in part else (part, part)
        if type(low) is int and type(high) is int:
            spans.append((low, high))
    for low, high in sorted(spans):
        if low > first:
            break
        first = max(first, high + 1)
    return first > last


def _is_somewhere(right: object) -> bool:
    """Whether a rule names addresses, and not all there are."""
    parts = _parts(right)
    return bool(parts) and all(map(_is_narrow, parts))


def _parts(right: object) -> list[Any]:
    """What a rule compares with: the members of a set, else one thing."""
    return list(right["set"]) if isinstance(right, dict) and "set" in right else [right]


def _is_narrow(part: object) -> bool:
    """Whether it is one address, or a network or range that isn't half the world; a named set isn't looked up."""
    if isinstance(part, str):
        return not part.startswith("@")
    if not isinstance(part, dict):
        return False
    if "prefix" in part:
        return bool(part["prefix"]["len"] >= _WIDEST)
    if "range" in part:
        low, high = (ip_address(end) for end in part["range"])
        return int(high) - int(low) < 1 << (low.max_prefixlen - _WIDEST)
    return False
