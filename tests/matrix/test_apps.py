"""The matrix in the apps: labelling, cohorts, images, airlock, preview and training, and the kernel's functions behind them.

They know every action but one: opening a lab session, which is the spawner's.
Each page is open already, opened by somebody who might, when its person's role and standing change: the next request is refused.
"""

from collections.abc import Iterator

import pytest

from support.layers.apps import AppsLayer, apps_layer
from support.matrix import ROLES, STANDINGS, expected


@pytest.fixture
def apps(tmp_path) -> Iterator[AppsLayer]:
    """A site for one test."""
    with apps_layer(tmp_path) as layer:
        yield layer


@pytest.mark.parametrize("standing", STANDINGS)
def test_a_page_answers_what_its_person_may_now(apps, standing):
    """Request by request, those that write above all; what is refused is an event."""
    found = apps.observe(standing, ROLES)

    assert found == expected(apps, standing, ROLES)
    # Who may come to the airlock and not review is told that there is no such submission: that names nothing to deny.
    assert apps.silent == ({("fellow", "airlock: show a colleague's")} if standing == "on roster" else set())
