"""The matrix at a real hub: its REST interface and home page, and what it starts.

The hub tells apart who stands on a roster (they may log in), and what a project offers them; a spawn tells apart a session that
runs code and one that serves apps. Here three sessions get up; `tests/soak/soak_permissions.py` has all that may.
"""

from collections.abc import Iterator

import pytest

from support.layers.hub import SPAWN_THINGS, People, RestLayer, SpawnLayer, people_of_a_hub
from support.matrix import ROLES, STANDINGS, expected, name_of

pytestmark = pytest.mark.hub

SHUT_OUT = tuple(standing for standing in STANDINGS if standing != "on roster")
LAB = ("start a lab session", "start a colleague's lab session")
APP = ("start an app session", "start a colleague's app session")


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> Iterator[People]:
    """Everybody, logged in."""
    with people_of_a_hub(tmp_path_factory.mktemp("hub") / "site") as everybody:
        yield everybody


@pytest.mark.parametrize("standing", STANDINGS)
def test_the_hub_shows_each_person_what_is_theirs(people, standing):
    """Whoever no roster names is refused at the login; whoever had logged in before sees and does nothing by it."""
    rest = RestLayer(people)

    found = rest.observe(standing, ROLES)

    assert found == expected(rest, standing, ROLES)


@pytest.mark.parametrize("standing", SHUT_OUT)
def test_nothing_starts_for_who_is_shut_out(people, standing):
    """Neither their own session nor anybody else's; that they asked for their own is in the project's log."""
    spawn = SpawnLayer(people, SPAWN_THINGS)
    before = people.denied()

    found = spawn.observe(standing, ROLES)

    assert found == expected(spawn, standing, ROLES)
    assert people.denied() - before == dict.fromkeys(map(name_of, ROLES), 2)


@pytest.mark.parametrize(
    ("things", "roles"),
    [
        (LAB, [role for role in ROLES if role != "engineer"]),
        (APP, [role for role in ROLES if role not in {"scientist", "engineer"}]),
    ],
    ids=["lab", "app"],
)
def test_a_session_gets_up_for_who_may_have_it(people, things, roles):
    """And for nobody else, nor in another's name."""
    spawn = SpawnLayer(people, things)

    found = spawn.observe("on roster", roles)

    assert found == expected(spawn, "on roster", roles)
