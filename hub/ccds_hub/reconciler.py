"""Keeps permissions in step with rosters and the calendar: a service that the hub starts, `python -P -m ccds_hub.reconciler`.

Every `irb.reconcile_seconds` it has `ccds irb reconcile` run, as root, and gives each project a group in the hub with the people
who may do anything in it. It ends trainings whose person may not train any more. Sessions whose right has ended are the spawner's
to end: it asks the roster itself.

A look that fails is told in the log and tried again at the next one; it changes nobody's access by itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ccds_kernel.audit.site import audit_log
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import bring_databases, end_sessions
from ccds_kernel.irb.membership import ProjectGroups, memberships
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.rules import calendar_day
from ccds_kernel.settings import Settings, load_settings, settings_file
from ccds_kernel.training.revoked import end_revoked

NAME = "reconciler"
SCOPES = ("admin:groups", "list:groups", "list:users")
"""What it may do in the hub: keep groups. No session, no person, no token."""

_PATIENCE_S = 300
_PAGE = 200
_GROUP_PREFIX = "irb-"
_PR_SET_PDEATHSIG = 1
_HUB = "CCDS_HUB_PID"

Members = Mapping[str, frozenset[str]]


def service() -> dict[str, Any]:
    """How the hub starts it.

    Raises:
        CcdsError: the site has no settings.
    """
    return {
        "name": NAME,
        "command": [sys.executable, "-P", "-m", "ccds_hub.reconciler"],
        "environment": {"CCDS_CONFIG": str(settings_file().resolve()), _HUB: str(os.getpid())},
        "display": False,
    }


def command(settings: Settings) -> list[str] | None:
    """What brings the operating system in step, as root; None where a site keeps no groups. `sudoers` names this very line."""
    if settings.groups.directory == "none":
        return None
    line = [
        sys.executable,
        "-I",
        "-m",
        "ccds_kernel.cli",
        "irb",
        "reconcile",
        "--settings",
        str(settings_file().resolve()),
    ]
    return line if os.geteuid() == 0 else ["sudo", "-n", *line]


def wanted_groups(settings: Settings) -> dict[str, frozenset[str]]:
    """The hub's groups: one for each project, with everybody who may do anything in it today."""
    registry, today = registry_of(settings), calendar_day()
    return {
        (name := ProjectGroups(found.id).members): memberships(found, today, registry.training_years)[name]
        for found in registry.applications()
    }


def changes(there: Members, wanted: Members, known: frozenset[str]) -> list[tuple[str, str, frozenset[str]]]:
    """What to ask of the hub, in order: (method, group, people); what takes away comes first.

    Args:
        there: the hub's groups of ours as they are.
        wanted: as they are to be.
        known: people who have logged in at the hub; others can't be in its groups yet.
    """
    target = {name: members & known for name, members in wanted.items()}
    gone = {name: members - target.get(name, frozenset()) for name, members in there.items()}
    come = {name: members - there.get(name, frozenset()) for name, members in target.items()}
    return [
        *(("DELETE users", name, people) for name, people in sorted(gone.items()) if people and name in target),
        *(("DELETE", name, frozenset()) for name in sorted(there) if name not in target),
        *(("POST", name, frozenset()) for name in sorted(target) if name not in there),
        *(("POST users", name, people) for name, people in sorted(come.items()) if people),
    ]


class Hub:
    """The hub's REST interface, as far as groups go.

    Args:
        url: its address.
        token: ours.

    Every method raises OSError where the hub doesn't answer, or refuses.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def groups(self) -> dict[str, frozenset[str]]:
        """Our groups and who is in them."""
        return {
            one["name"]: frozenset(one["users"]) for one in self._all("groups") if one["name"].startswith(_GROUP_PREFIX)
        }

    def people(self) -> frozenset[str]:
        """Everybody who has logged in."""
        return frozenset(one["name"] for one in self._all("users"))

    def change(self, method: str, group: str, people: frozenset[str]) -> None:
        """Does one of `changes`."""
        verb, _, users = method.partition(" ")
        path = f"groups/{quote(group, safe='')}" + ("/users" if users else "")
        self._ask(verb, path, {"users": sorted(people)} if users else None)

    def _all(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._ask("GET", f"{path}?offset={len(found)}&limit={_PAGE}")
            found += page
            if len(page) < _PAGE:
                return found

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - whatever the hub takes and answers
        request = urllib.request.Request(  # noqa: S310 - http(s), to the address that the hub itself set
            f"{self._url}/{path}",
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            text = answer.read()
        return json.loads(text) if text else None


def look(settings: Settings, hub: Hub) -> list[str]:
    """One look: brings the operating system and the hub in step; returns what went wrong, a line each."""
    wrong = []
    line = command(settings)
    if line:
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            wrong.append(f"ccds irb reconcile can't be run: {type(error).__name__}")
        else:
            if done.returncode:
                wrong.append(f"ccds irb reconcile: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    else:
        wrong += _database_in_step(settings)
    wrong += _trainings_in_step(settings)
    try:
        for change in changes(hub.groups(), wanted_groups(settings), hub.people()):
            hub.change(*change)
    except (OSError, CcdsError) as error:
        wrong.append(f"the hub's groups: {error if isinstance(error, CcdsError) else type(error).__name__}")
    return wrong


def _database_in_step(settings: Settings) -> list[str]:
    """Brings the database server in step, where nobody else does it; returns what went wrong."""
    try:
        applications = registry_of(settings).applications()
        end_sessions(applications, settings)
        bring_databases(applications, settings)
    except CcdsError as error:
        return [f"the database: {error}"]
    return []


def _trainings_in_step(settings: Settings) -> list[str]:
    """Ends trainings whose person may not train any more; returns what went wrong."""
    try:
        end_revoked(registry_of(settings), scheduler_of(settings), audit_log(settings))
    except CcdsError as error:
        return [f"trainings: {error}"]
    return []


def main() -> None:
    """Looks again and again until it is ended: at any moment, by TERM, or by the hub's death.

    Each step is a transaction, or asked for again at the next look. To finish a look first was decided against: whatever it
    waits for would keep a reconciler whose hub is gone, and a handler that sets an Event which this thread waits on can wait
    for itself for ever.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if not _end_with_the_hub():
        return
    hub = Hub(os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"])
    settings = load_settings()
    while True:
        try:
            settings = load_settings()
        except CcdsError as error:
            _say(str(error))
        for line in look(settings, hub):
            _say(line)
        time.sleep(settings.irb.reconcile_seconds)


def _end_with_the_hub() -> bool:
    """Asks Linux to kill this process when the hub dies; returns whether it lives now.

    A hub that is killed ends nobody: each restart would leave one more reconciler behind.
    """
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError("prctl refuses to tie this process to the hub")
    return os.environ.get(_HUB) in {None, str(os.getppid())}  # it may have died before


def _say(line: str) -> None:
    sys.stderr.write(f"ccds reconciler: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
