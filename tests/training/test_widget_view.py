"""The launcher as a cell shows it: opened by its page, permitted anew, its requests answered in one line."""

import pytest

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.training.app import training_launcher
from support.site import ADMINISTRATOR, application, on_roster, site_settings
from support.widget import page_of

LOOK = {"kind": "look", "run": None, "offset": 0}


@pytest.fixture
def launcher(project, scheduler, tmp_path):
    """The launcher of sam, a scientist."""
    return training_launcher(project, tmp_path / "datalist.json", scheduler=scheduler)


def test_a_page_opens_it_and_a_second_one_finds_it_open(launcher):
    """What it says first, and that a site with GPUs is asked for one."""
    page = page_of(launcher)

    before = page.ask({**LOOK, "request": 1})
    first, second = page.ask({"kind": "ready", "request": 2}), page.ask({"kind": "ready", "request": 3})

    assert before == {"answer": 1, "error": "Expected an open project; found none yet; reload the page."}
    assert (first["answer"], first["project"], first["person"]) == (2, "HEAD-1", "sam")
    assert (first["form"]["gpus"], first["gpu_slots"]) == (1, 1)
    assert first["volumes"] == {"training": [6, 6], "validation": [3, 3]}
    assert {key: value for key, value in second.items() if key != "answer"} == {
        key: value for key, value in first.items() if key != "answer"
    }


def test_it_is_told_in_one_line_what_is_no_request(launcher):
    """Nothing is believed that a page sends."""
    page = page_of(launcher)
    page.ask({"kind": "ready", "request": 1})

    answer = page.ask({"kind": "look", "run": "../..", "offset": 0, "request": 2})

    assert (
        answer["error"] == "Expected a request that this app knows; found another one (at look.run); reload the page."
    )


def test_who_may_not_train_is_told_so(scheduler, project, tmp_path):
    """A fellow of the project, and a scientist who was taken off the roster."""
    settings = site_settings(tmp_path)
    roster = on_roster(sam="scientist", fay="fellow")
    apply_application(
        application(id="HEAD-1", data=["images", "reports"], roster=roster), person=ADMINISTRATOR, settings=settings
    )
    fellow = open_project("HEAD-1", Action.OPEN_LABELING, person="fay", settings=settings)
    theirs = page_of(training_launcher(fellow, tmp_path / "datalist.json", scheduler=scheduler))
    mine = page_of(training_launcher(project, tmp_path / "datalist.json", scheduler=scheduler))
    opened = mine.ask({"kind": "ready", "request": 1})
    without_sam = application(id="HEAD-1", data=["images"], roster=on_roster(fay="fellow"))
    apply_application(without_sam, person=ADMINISTRATOR, settings=settings)

    refused, revoked = theirs.ask({"kind": "ready", "request": 1}), mine.ask({**LOOK, "request": 2})

    assert "error" not in opened
    assert "a role that may train a model" in refused["error"]
    assert "sam on the roster" in revoked["error"]
