"""A real hub: its REST interface and home page, and what it starts, tried as each person logged in."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.password_file import password_file, write_passwords
from support.demo import APP, LAB, PROJECT, Demo
from support.hub import HubSite, site_with_hub
from support.matrix import (
    ANYTHING,
    COLLEAGUE,
    NOT_ON_ROSTER,
    ON_ROSTER,
    ROLES,
    Cell,
    Rule,
    all_as,
    any_of,
    in_standing,
    name_of,
    never,
    while_listed,
)
from support.waiting import until

OTHER = "OTHER-1"
_AIRLOCK = ("submit results to the airlock", "review results in the airlock")

REST_THINGS: dict[str, Rule] = {
    "log in": while_listed,
    "be shown the project": ANYTHING,
    "be offered a lab session": any_of("open a lab session"),
    "be offered the labelling app": any_of("open the labelling app"),
    "be offered the cohorts": any_of("read images", "read reports"),
    "be offered the images": any_of("read images"),
    "be offered the airlock": any_of(*_AIRLOCK),
    "list people": never,
    "look at a colleague": never,
    "make a group": never,
    "put oneself into the project's group": never,
}
"""The hub knows who stands on a roster, and what a project offers them."""

SPAWN_THINGS: dict[str, Rule] = {
    "start a lab session": any_of("open a lab session"),
    "start an app session": any_of("open the labelling app", "read images", "read reports", *_AIRLOCK),
    "start a colleague's lab session": never,
    "start a colleague's app session": never,
}
"""A spawn knows the session's kind: what runs code, and what serves apps, of which one is enough."""

_STARTED, _REFUSED = frozenset({201, 202}), frozenset({403, 404})
_TILES = {
    "be offered a lab session": {"JupyterLab"},
    "be offered the labelling app": {"Label reports", "Confirm labels"},
    "be offered the cohorts": {"Cohort"},
    "be offered the images": {"Images"},
    "be offered the airlock": {"Airlock"},
}


class People:
    """Everybody in front of a hub."""

    def __init__(self, site: HubSite, hub: Demo) -> None:
        self._site = site
        self.hub = hub
        self._clients = {role: hub.login(name_of(role)) for role in ROLES}

    def bring(self, standing: str, *, elsewhere: bool) -> None:
        """Into that standing; `elsewhere` says whether another roster names them, so that the hub's login is open to them."""
        (administrator,) = self._site.settings.hub.administrators
        other = all_as(OTHER, "labeler") if elsewhere else in_standing(OTHER, NOT_ON_ROSTER)
        for application in (other, in_standing(PROJECT, standing)):
            apply_application(application, person=administrator, settings=self._site.settings)

    def denied(self) -> Counter[str]:
        """Person → how often the audit log says that they were refused something."""
        entries = FileAuditSink(self._site.settings.paths.audit).entries(PROJECT)
        return Counter(one["person"] for one in entries if one["event"] == "AccessDenied")

    def log_in(self, role: str) -> bool:
        """Whether they are let in now; whoever isn't goes on with the cookie of an earlier login."""
        visitor = requests.Session()
        visitor.get(f"{self.hub.url}/hub/login", timeout=60)
        person = name_of(role)
        form = {"username": person, "password": self.hub.passwords[person], "_xsrf": visitor.cookies["_xsrf"]}
        answer = visitor.post(f"{self.hub.url}/hub/login", data=form, allow_redirects=False, timeout=60)
        if answer.status_code == 302:
            self._clients[role] = self.hub.login(person)
            return True
        return not _is_refused(answer)

    def ask(self, role: str, method: str, path: str, body: object = None) -> requests.Response:
        """What the hub answers them."""
        return self._clients[role].request(method, f"{self.hub.url}/hub/{path}", json=body, timeout=60)

    def start(self, role: str, person: str, session: str) -> bool:
        """Whether the session gets up; it is stopped again then."""
        answer = self.ask(role, "POST", f"api/users/{person}/servers/{session}", {})
        if answer.status_code not in _STARTED:
            return not _is_refused(answer)
        client = self._clients[role]
        until(lambda: self.hub.is_ready(client, person, session), f"{person}'s {session} to be ready", seconds=120)
        self.hub.stop(client, person, session)
        return True


class RestLayer:
    """What the hub shows and does by itself."""

    def __init__(self, people: People) -> None:
        self.things = REST_THINGS
        self._people = people

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """Everybody logs in anew, or goes on with what they had."""
        self._people.bring(standing, elsewhere=False)
        return {(role, thing): may for role in roles for thing, may in self._tried(role).items()}

    def _tried(self, role: str) -> dict[str, bool]:
        let_in = self._people.log_in(role)
        home = self._people.ask(role, "GET", "home").text
        tiles = [title.strip() for title in re.findall(r"<h3>([^<]*)", home)]
        group = f"api/groups/irb-{PROJECT.lower()}"
        asked = {
            "list people": ("GET", "api/users", None),
            "look at a colleague": ("GET", f"api/users/{COLLEAGUE}", None),
            "make a group": ("POST", "api/groups/irb-mine", {}),
            "put oneself into the project's group": ("POST", f"{group}/users", {"users": [name_of(role)]}),
        }
        return {
            "log in": let_in,
            "be shown the project": f"IRB <b>{PROJECT}</b>" in home,
            **{thing: not titles.isdisjoint(tiles) for thing, titles in _TILES.items()},
            **{thing: not _is_refused(self._people.ask(role, *request)) for thing, request in asked.items()},
        }


class SpawnLayer:
    """What the hub starts. An allowed start takes seconds: `things` can be some of them."""

    def __init__(self, people: People, things: Iterable[str] = tuple(SPAWN_THINGS)) -> None:
        self.things: Mapping[str, Rule] = {thing: SPAWN_THINGS[thing] for thing in things}
        self._people = people

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """Through the REST interface, which the start page uses as well. Who is off this roster stands on another one."""
        self._people.bring(standing, elsewhere=True)
        return {(role, thing): self._started(role, thing) for role in roles for thing in self.things}

    def _started(self, role: str, thing: str) -> bool:
        person = COLLEAGUE if "colleague" in thing else name_of(role)
        return self._people.start(role, person, LAB if "lab" in thing else APP)


@contextmanager
def people_of_a_hub(folder: Path) -> Iterator[People]:
    """A hub on loopback, whose site lies in `folder`, and everybody who has logged in there."""
    with site_with_hub(folder) as site:
        site.passwords |= dict.fromkeys((COLLEAGUE, *map(name_of, ROLES)), "right")
        write_passwords(password_file(site.settings), site.passwords)
        (administrator,) = site.settings.hub.administrators
        apply_application(in_standing(PROJECT, ON_ROSTER), person=administrator, settings=site.settings)
        hub = site.start()
        hub.login(COLLEAGUE)  # the hub knows whom it has seen
        yield People(site, hub)


def _is_refused(answer: requests.Response) -> bool:
    """403 or 404; whatever isn't that and no success is neither a yes nor a no, but a defect."""
    assert answer.ok or answer.status_code in _REFUSED, f"the hub answered {answer.status_code}"
    return not answer.ok
