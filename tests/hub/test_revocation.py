"""A session lives no longer than its person's right to it."""

import json
from datetime import date, timedelta

import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session.name import SessionName
from ccds_kernel.session.notice import NAME
from ccds_spawners.home import session_folder
from support.demo import LAB, PROJECT, Demo, processes_of
from support.hub import PEOPLE, HubSite
from support.site import application, on_roster
from support.waiting import until

pytestmark = pytest.mark.hub

AMENDMENTS = {
    "sam is off the roster": {"roster": on_roster(**{name: role for name, role in PEOPLE.items() if name != "sam"})},
    "it is withdrawn": {"withdrawn": (date.today() - timedelta(days=1)).isoformat()},  # noqa: DTZ011 - the site's calendar
}


@pytest.fixture(scope="module")
def hub(hub_site: HubSite) -> Demo:
    """The site's hub, running."""
    return hub_site.start()


@pytest.fixture
def sam(hub: Demo, hub_site: HubSite) -> requests.Session:
    """Sam, on the roster again, with a lab session that is up."""
    amend(hub_site)
    client = hub.login("sam")
    hub.start(client, "sam", LAB)
    return client


def amend(hub_site: HubSite, **changed: object) -> None:
    """Applies the project's application with these changes."""
    amended = application(**({"id": PROJECT, "roster": on_roster(**PEOPLE)} | changed))
    apply_application(amended, person=hub_site.settings.hub.administrators[0], settings=hub_site.settings)


@pytest.mark.parametrize("amendment", AMENDMENTS.values(), ids=AMENDMENTS)
def test_an_amendment_ends_the_session(
    hub: Demo, hub_site: HubSite, sam: requests.Session, amendment: dict[str, object]
) -> None:
    """Its people are told why before its server is gone; the hub shows none, and the audit log says who was refused what."""
    notice = session_folder(SessionName.parse(LAB), "sam", hub_site.settings) / NAME

    amend(hub_site, **amendment)
    told = until(lambda: json.loads(notice.read_text())["text"], "a notice", seconds=40)
    alive = bool(processes_of(hub.folder, "jupyterhub.singleuser"))
    until(lambda: not processes_of(hub.folder, "jupyterhub.singleuser"), "the session's end", seconds=40)
    until(lambda: not hub.is_ready(sam, "sam", LAB), "the hub to notice", seconds=20)
    entries = [(one["event"], one["person"]) for one in FileAuditSink(hub_site.settings.paths.audit).entries(PROJECT)]

    assert alive
    assert told.startswith("This session ends now: ")
    assert told.endswith("ask the principal investigator, Dr. Reed.")
    assert entries[-2:] == [("AccessDenied", "sam"), ("SessionEnded", "sam")]


def test_who_is_no_longer_of_leadership_loses_the_reports(hub: Demo, hub_site: HubSite) -> None:
    """Taken off the list in ccds.toml, without a restart of the hub: the session ends, is refused anew, and both are logged."""
    file = hub_site.folder / "ccds.toml"
    right = file.read_text()
    lee = hub.login("lee")
    hub.start(lee, "lee", "reports")

    file.write_text(right.replace('leadership = ["lee"]', "leadership = []"))
    until(lambda: not processes_of(hub.folder, "jupyterhub.singleuser"), "the session's end", seconds=40)
    again = lee.post(hub.api("lee", "reports"), json={}, timeout=30)
    home = lee.get(f"{hub.url}/hub/home", timeout=20).text
    entries = list(FileAuditSink(hub_site.settings.paths.audit).entries())
    file.write_text(right)

    assert again.status_code == 403
    assert "/spawn/lee/reports" not in home
    assert [(one["event"], one["person"]) for one in entries][-2:] == [("SessionEnded", "lee"), ("AccessDenied", "lee")]


def test_a_registry_that_says_nothing_ends_nothing(hub: Demo, hub_site: HubSite, sam: requests.Session) -> None:
    """A damaged application, or a registry that is away for a moment: the hub polls, and the session goes on."""
    kept = hub_site.settings.paths.registry / PROJECT / "irb.yaml"
    right = kept.read_text()

    kept.write_text("{")
    damaged = sam.post(hub.api("sam", LAB), json={}, timeout=30)  # the hub polls before it answers this
    kept.unlink()
    away = sam.post(hub.api("sam", LAB), json={}, timeout=30)
    kept.write_text(right)

    assert (damaged.status_code, away.status_code) == (400, 400)
    assert "is already running" in damaged.text
    assert "is already running" in away.text
    hub.stop(sam, "sam", LAB)
