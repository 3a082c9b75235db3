"""The matrix at `open_project`, which knows every action: 8 roles × 13 actions × 5 standings, and what each leaves in the log."""

import pytest

from support.layers.door import door_layer
from support.matrix import ROLES, STANDINGS, expected, name_of


@pytest.mark.parametrize("standing", STANDINGS)
def test_each_cell_is_as_the_table_says_and_an_event(tmp_path, standing):
    """Who is let in, and who isn't; either way the log names the person and the action."""
    with door_layer(tmp_path) as door:
        found = door.observe(standing, ROLES)

        wanted = expected(door, standing, ROLES)
        assert found == wanted
        assert door.events() == [
            ("ProjectOpened" if allowed else "AccessDenied", name_of(role), action)
            for (role, action), allowed in wanted.items()
        ]
