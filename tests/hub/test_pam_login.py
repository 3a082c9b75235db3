"""Logins by the operating system's own check of passwords, with users made for it."""

import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests

from ccds_kernel.irb.applying import apply_application
from support.components import need_path
from support.demo import PROJECT, Demo
from support.hub import HubSite, site_with_hub
from support.site import application, on_roster
from support.unix import unix_users

pytestmark = pytest.mark.hub
PASSWORD = "Kahnweiler.77"
SERVICE = "login"


@pytest.fixture(scope="module")
def users() -> Iterator[dict[str, str]]:
    """One who will be on a roster and one who won't; both can log in to this machine."""
    need_path(Path("/etc/pam.d") / SERVICE, "Debian: apt-get install login")
    with unix_users("pamin", "pamout") as made:
        lines = "".join(f"{user}:{PASSWORD}\n" for user in made.values())
        subprocess.run(["chpasswd"], input=lines, text=True, check=True)
        yield made


@pytest.fixture(scope="module")
def pam_site(users: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site with the first of them on its project's roster."""
    lines = f'authenticator = "pam"\npam_service = "{SERVICE}"'
    with site_with_hub(tmp_path_factory.mktemp("pam") / "site", lines) as site:
        amend(site, users["pamin"])
        yield site


@pytest.fixture(scope="module")
def hub(pam_site: HubSite) -> Demo:
    """Its hub, running."""
    return pam_site.start()


def amend(site: HubSite, *people: str) -> None:
    """Puts just these, and tom, on the roster."""
    roster = on_roster(**dict.fromkeys([*people, "tom"], "scientist"))
    (administrator,) = site.settings.hub.administrators
    expires = date.today() + timedelta(days=99)  # noqa: DTZ011 - the site's calendar
    amended = application(id=PROJECT, roster=roster, expires=expires.isoformat())
    apply_application(amended, person=administrator, settings=site.settings)


def attempt(hub: Demo, person: str, password: str) -> int:
    """The login page's status."""
    visitor = requests.Session()
    visitor.get(f"{hub.url}/hub/login", timeout=20)
    form = {"username": person, "password": password, "_xsrf": visitor.cookies["_xsrf"]}
    return visitor.post(f"{hub.url}/hub/login", data=form, allow_redirects=False, timeout=30).status_code


def test_the_machine_s_password_and_a_roster_let_in(hub: Demo, users: dict[str, str]) -> None:
    """Both are needed: not a wrong password, not a right one of somebody on no roster, not a name in capitals."""
    inside, outside = users["pamin"], users["pamout"]

    answers = [
        attempt(hub, inside, PASSWORD),
        attempt(hub, inside, "wrong"),
        attempt(hub, outside, PASSWORD),
        attempt(hub, inside.upper(), PASSWORD),
    ]

    assert answers == [302, 403, 403, 403]


def test_who_is_taken_off_every_roster_starts_nothing(hub: Demo, pam_site: HubSite, users: dict[str, str]) -> None:
    """At once, though the login is still good for a minute; the hub's page then asks for a new one, which is refused."""
    person = users["pamin"]
    hub.passwords[person] = PASSWORD
    client = hub.login(person)

    amend(pam_site)
    start = client.post(hub.api(person, f"{PROJECT.lower()}-lab"), json={}, timeout=30)

    assert start.status_code == 403
    assert "login again" in start.json()["message"]
    assert attempt(hub, person, PASSWORD) == 403
