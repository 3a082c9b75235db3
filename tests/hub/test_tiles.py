"""Which tiles a person's home page has, and where they lead; without a hub."""

import pytest

from ccds_hub.landing import project_tiles, site_tiles
from ccds_kernel.irb.rules import allowed_actions, calendar_day
from ccds_kernel.session.name import SessionKind
from support.site import application, on_roster


@pytest.mark.parametrize(
    ("role", "egress", "tiles"),
    [
        ("fellow", "airlock", [("Label reports", ""), ("Cohort", "cohort"), ("Airlock", "airlock")]),
        ("fellow", "locked", [("Label reports", ""), ("Cohort", "cohort")]),
        ("champion", "airlock", [("Airlock", "")]),
        ("champion", "locked", []),
        ("scientist", "airlock", [("Cohort", ""), ("Airlock", "airlock"), ("JupyterLab", "")]),
        ("labeler", "airlock", [("Confirm labels", "")]),
        ("radiologist", "airlock", []),
    ],
)
def test_an_app_that_is_open_has_its_tile(role, egress, tiles):
    """With the page that it leads to, but for the one that the session opens with; both apps are one session."""
    project = application(egress=egress, roster=on_roster(ann=role))
    allowed = allowed_actions(project, "ann", calendar_day())

    found = project_tiles(project, allowed, "ann", frozenset(), None).tiles

    assert [(tile.title, tile.page) for tile in found] == tiles
    assert {tile.session for tile in found if tile.kind is SessionKind.APP} <= {"chest-1-app"}


@pytest.mark.parametrize(
    ("role", "tiles"),
    [
        ("fellow", [("Label reports", ""), ("Cohort", "cohort"), ("Images", "imaging"), ("Airlock", "airlock")]),
        ("scientist", [("Cohort", ""), ("Images", "imaging"), ("Airlock", "airlock"), ("JupyterLab", "")]),
        ("labeler", [("Confirm labels", "")]),
        ("champion", [("Airlock", "")]),
    ],
)
def test_a_project_with_images_has_a_tile_for_whoever_reads_them(role, tiles):
    """Also for a fellow, whose final word needs them; not for labelers and reviewers of results."""
    project = application(data=["images", "reports"], egress="airlock", roster=on_roster(ann=role))
    allowed = allowed_actions(project, "ann", calendar_day())

    found = project_tiles(project, allowed, "ann", frozenset(), None).tiles

    assert [(tile.title, tile.page) for tile in found] == tiles


@pytest.mark.parametrize(
    ("live", "note", "running"),
    [
        ((), "", False),
        (("chest-1-app", "reports"), "", False),
        (("chest-1-lab", "chest-1-lab-2"), "", True),
        (("chest-1-lab-2",), "You have a node already: JupyterLab 2 of this project.", False),
        (
            ("chest-1-lab-2", "chest-1-lab-3"),
            "You have nodes already: JupyterLab 2 and JupyterLab 3 of this project.",
            False,
        ),
        (("other-1-lab",), "You have a node already: one of another project.", False),
    ],
)
def test_whoever_has_a_node_already_reads_so_before_the_click(live, note, running):
    """The tile starts the first name again: by then that is a further node."""
    project = application(roster=on_roster(ann="scientist"))
    allowed = allowed_actions(project, "ann", calendar_day())

    *_, lab = project_tiles(project, allowed, "ann", frozenset(live), None).tiles

    assert (lab.title, lab.running) == ("JupyterLab", running)
    assert lab.note == (f"{note} One more is a further node, of low priority." if note else "")


def test_whoever_reads_what_is_published_has_a_tile_for_each_report():
    """Both are pages of one session, which opens with the first."""
    tiles = site_tiles(frozenset({"reports"}))

    assert [(tile.title, tile.session, tile.page) for tile in tiles] == [
        ("Deployed models", "reports", ""),
        ("Cluster", "reports", "cluster"),
    ]
    assert all(tile.running for tile in tiles)
