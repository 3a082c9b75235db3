"""Whether a session's programs reach another network from this node: the rules of `hub/site/firewall/ccds-session.nft`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.security.reach import missing_lock
from ccds_kernel.settings import Settings

TABLE = "ccds_session"
_FIREWALL = "firewall"
_LOAD = "fill in hub/site/firewall/ccds-session.nft and load it on each session node: nft -f"
_PATIENCE_S = 20


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
    yield judge_ruleset(json.loads(told.stdout)["nftables"], settings)


def judge_ruleset(ruleset: list[dict[str, Any]], settings: Settings) -> Finding:
    """The finding for a node with these rules, as `nft --json list ruleset` tells them."""
    ours = [thing for thing in ruleset if next(iter(thing.values())).get("table") == TABLE]
    hooked = {thing["chain"]["name"] for thing in ours if thing.get("chain", {}).get("hook") == "output"}
    if not hooked:
        return Finding(_FIREWALL, missing_lock(settings), f"no table {TABLE}: sessions reach any network", _LOAD)
    rules: dict[str, list[list[dict[str, Any]]]] = {}
    for thing in ours:
        if "rule" in thing:
            rules.setdefault(thing["rule"]["chain"], []).append(thing["rule"]["expr"])
    jumps = (
        part["jump"]["target"] for chain in hooked for rule in rules.get(chain, []) for part in rule if "jump" in part
    )
    if not any(_refuses_the_rest(rules.get(chain, [])) for chain in jumps):
        return Finding(_FIREWALL, Verdict.WRONG, f"table {TABLE} is there, and lets people's programs out", _LOAD)
    return Finding(_FIREWALL, Verdict.OK, f"table {TABLE} is loaded and refuses the rest")


def _refuses_the_rest(rules: list[list[dict[str, Any]]]) -> bool:
    """Whether the last rule asks nothing more before it drops or rejects."""
    if not rules:
        return False
    words = {word for part in rules[-1] for word in part}
    return bool(words & {"drop", "reject"}) and "match" not in words
