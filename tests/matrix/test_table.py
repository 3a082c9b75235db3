"""The table that all layers are held against, beside the one that the workbench asks."""

from types import SimpleNamespace

import pytest

from ccds_kernel.irb.roles import ALLOWED, Action, Role
from support.matrix import ACTIONS, MAY, ROLES, STANDINGS, any_of, expected, in_standing, name_of, parsed


def test_it_says_what_the_workbench_s_own_table_says():
    """Every role, every action, each cell: whoever changes one has to change both."""
    assert set(ROLES) == set(Role)
    assert set(ACTIONS) == set(Action)
    assert {(role, action): action in ALLOWED[role] for role in Role for action in Action} == MAY


@pytest.mark.parametrize("spoilt", ["x | a\nopen | maybe", "x | a | b\nopen | yes"])
def test_a_table_that_says_something_else_is_none(spoilt):
    """Neither another word nor a missing cell is a no."""
    with pytest.raises((KeyError, ValueError)):
        parsed(spoilt)


def test_standings_differ_in_what_they_say():
    """And every role has a person of its own."""
    found = {standing: in_standing("CHEST-1", standing) for standing in STANDINGS}

    assert len({application.digest() for application in found.values()}) == len(STANDINGS)
    assert len({name_of(role) for role in ROLES}) == len(ROLES)


def test_only_who_is_on_the_roster_may_do_what_the_table_says():
    """Whatever else is the matter with the application or the person, nothing is open."""
    door = SimpleNamespace(things={action: any_of(action) for action in ACTIONS})

    cells = {standing: expected(door, standing, ROLES) for standing in STANDINGS}

    assert cells.pop("on roster") == MAY
    assert not any(allowed for others in cells.values() for allowed in others.values())
