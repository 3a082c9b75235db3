"""Sessions of a site that keeps its projects' rows on a database server."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.database import VARIABLE, site_database
from support.demo import APP, LAB, PROJECT, Demo, processes_of
from support.hub import PEOPLE, HubSite, site_with_hub
from support.postgresql import Server
from support.site import application, on_roster
from support.waiting import until

pytestmark = pytest.mark.hub

SLUG = PROJECT.lower()
COUNT = f'SELECT count(*) FROM "{SLUG}".report'  # noqa: S608 - a name of ours
INSERT = f"INSERT INTO \"{SLUG}\".report (accession, study_key) VALUES ('a', 'a')"  # noqa: S608 - likewise


@pytest.fixture(scope="module")
def hub_site(tmp_path_factory: pytest.TempPathFactory, postgresql: Server) -> Iterator[HubSite]:
    """Such a site."""
    folder = tmp_path_factory.mktemp("hub") / "site"
    folder.mkdir()
    (folder / ".ccds-demo").touch()  # ours, though the password lies in it already
    values = postgresql.take_in(folder / "state")
    section = "\n".join(["[database]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())])
    postgresql.withdraw_all()
    with site_with_hub(folder, more=section) as site:
        yield site
    postgresql.forget(SLUG)


@pytest.fixture(scope="module")
def hub(hub_site: HubSite) -> Demo:
    """Its hub, running."""
    return hub_site.start()


def sessions(site: HubSite) -> dict[tuple[str, str], dict[str, bool]]:
    """(person, session) → what its role may do, of every role that the server has for a session."""
    with site_database(site.settings) as database:
        return {(one.person, one.session): dict(one.rights) for one in database.credentials.issued()}


def environment(hub: Demo, module: str) -> dict[str, str]:
    """The environment of the one server of that module."""
    (process,) = processes_of(hub.folder, module)[:1]
    return process.environ()


def may(url: str) -> set[str]:
    """What can be done with the project's reports as whoever `url` lets in; nothing is kept of it."""
    done = set()
    with psycopg.connect(url) as connection:
        for name, statement in (("read", COUNT), ("write", INSERT)):
            try:
                connection.execute(statement)
                done.add(name)
            except psycopg.errors.InsufficientPrivilege:
                pass
            connection.rollback()
    return done


def test_a_session_has_a_role_of_its_own_that_ends_with_it(hub: Demo, hub_site: HubSite) -> None:
    """A scientist's lab session reads reports; when it is stopped nobody comes in by what it was given."""
    sam = hub.login("sam")
    hub.start(sam, "sam", LAB)
    url = environment(hub, "jupyterhub.singleuser")[VARIABLE]
    during = sessions(hub_site)
    reach = may(url)

    hub.stop(sam, "sam", LAB)

    assert during == {("sam", LAB): {"reports": False, "answers": False, "airlock": True}}
    assert reach == {"read"}
    assert until(lambda: not sessions(hub_site), "the role to be dropped")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_an_app_works_with_the_rows_of_its_person(hub: Demo, hub_site: HubSite) -> None:
    """A fellow's labelling app opens, and may write; nothing of the way in stands in the hub's log."""
    fay = hub.login("fay")

    page = fay.get(hub.start(fay, "fay", APP), timeout=60)

    url = environment(hub, "jupyterhub.singleuser")[VARIABLE]
    password = psycopg.conninfo.conninfo_to_dict(url)["password"]
    hub.stop(fay, "fay", APP)
    assert page.status_code == 200
    assert password not in Path(hub_site.folder / "hub.log").read_text(encoding="utf-8")
    assert until(lambda: not sessions(hub_site), "the role to be dropped")


def test_rows_are_closed_before_the_session_of_whoever_is_taken_off_ends(hub: Demo, hub_site: HubSite) -> None:
    """While its people are still told that it ends."""
    sam = hub.login("sam")
    hub.start(sam, "sam", LAB)
    url = environment(hub, "jupyterhub.singleuser")[VARIABLE]
    roster = on_roster(**{name: role for name, role in PEOPLE.items() if name != "sam"})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(COUNT)

        administrator = hub_site.settings.hub.administrators[0]
        apply_application(application(id=PROJECT, roster=roster), person=administrator, settings=hub_site.settings)
        until(lambda: not sessions(hub_site), "the role to be dropped", seconds=40)
        alive = bool(processes_of(hub.folder, "jupyterhub.singleuser"))

        with pytest.raises(psycopg.OperationalError):
            connection.execute(COUNT)
    assert alive
    until(lambda: not processes_of(hub.folder, "jupyterhub.singleuser"), "the session's end", seconds=40)
