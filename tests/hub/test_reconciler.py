"""The service that keeps the hub's groups, and the operating system, in step with the rosters."""

from collections.abc import Iterator

import pytest
import requests

from ccds_hub.reconciler import changes, command, wanted_groups
from ccds_kernel.irb.applying import apply_application, expire_application
from support.demo import PROJECT, Demo
from support.hub import PEOPLE, HubSite, site_with_hub
from support.site import ADMINISTRATOR, application, on_roster, site_settings
from support.waiting import until

GROUP = f"irb-{PROJECT.lower()}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site that looks every second."""
    with site_with_hub(tmp_path_factory.mktemp("hub") / "site", more="[irb]\nreconcile_seconds = 1") as made:
        yield made


def groups_of(hub: Demo, administrator: requests.Session) -> dict[str, set[str]]:
    """Person → their groups, as the hub says."""
    people = administrator.get(f"{hub.url}/hub/api/users", timeout=20).json()
    return {one["name"]: set(one["groups"]) for one in people}


@pytest.mark.hub
def test_the_hub_s_groups_follow_the_roster(site: HubSite) -> None:
    """Who may do something in the project is in its group soon after logging in, and out of it soon after an amendment."""
    hub = site.start()
    (name,) = site.settings.hub.administrators
    administrator = hub.login(name)
    for person in ("fay", "sam", "lee"):
        hub.login(person)

    until(lambda: groups_of(hub, administrator)["sam"] == {GROUP}, "sam in the project's group")
    before = groups_of(hub, administrator)
    roster = on_roster(**{one: role for one, role in PEOPLE.items() if one != "sam"})
    apply_application(application(id=PROJECT, roster=roster), person=name, settings=site.settings)
    until(lambda: groups_of(hub, administrator)["sam"] == set(), "sam out of it")
    amended = groups_of(hub, administrator)
    expire_application(PROJECT, person=name, settings=site.settings)
    until(lambda: groups_of(hub, administrator)["fay"] == set(), "everybody out of it")

    assert (before["fay"], before["lee"]) == ({GROUP}, set())
    assert amended["fay"] == {GROUP}


def test_what_takes_away_comes_first() -> None:
    """People out, groups gone, groups made, people in; whoever never logged in isn't asked for."""
    there = {"irb-a": frozenset({"ann", "bob"}), "irb-old": frozenset({"cy"})}
    wanted = {"irb-a": frozenset({"ann", "cy"}), "irb-b": frozenset({"bob", "new"})}

    found = changes(there, wanted, frozenset({"ann", "bob", "cy"}))

    assert found == [
        ("DELETE users", "irb-a", {"bob"}),
        ("DELETE", "irb-old", frozenset()),
        ("POST", "irb-b", frozenset()),
        ("POST users", "irb-a", {"cy"}),
        ("POST users", "irb-b", {"bob"}),
    ]
    assert changes(wanted, wanted, frozenset({"ann", "bob", "cy", "new"})) == []


def test_who_is_in_a_project_s_group(tmp_path) -> None:
    """Whoever may do anything there today; an application that ended has an empty one."""
    settings = site_settings(tmp_path)
    for project, changed in (("CHEST-1", {}), ("HEAD-1", {"withdrawn": "2021-01-01"})):
        roster = on_roster(ann="fellow", bob="scientist", lee="leadership")
        apply_application(application(id=project, roster=roster, **changed), person=ADMINISTRATOR, settings=settings)

    assert wanted_groups(settings) == {"irb-chest-1": {"ann", "bob"}, "irb-head-1": set()}


def test_a_site_without_groups_runs_nothing_as_root(tmp_path) -> None:
    """The demo and a laptop."""
    assert command(site_settings(tmp_path)) is None
