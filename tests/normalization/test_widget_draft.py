"""What of a recipe in the making is there again after a reload and in a new kernel, and with what a preview starts."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_widgets.normalization.app import open_preview
from support.preview_model import LOOK, REORIENT, RESAMPLE, SECOND, WINDOW, Z_SCORE, choose, edit, keep, save, started


def test_a_reload_and_a_new_kernel_show_what_was_left(project, preview):
    """Study, recipe with what was typed wrong, plane, position, display window, name: nothing is lost."""
    wrong = WINDOW | {"parameters": {"center": "4o", "width": 80}}
    choose(preview, SECOND)
    left = edit(preview, REORIENT, Z_SCORE | {"on": False}, wrong)
    keep(preview, left["draft"]["steps"])

    reloaded, reborn = started(preview), started(open_preview(project))

    for state in (reloaded, reborn):
        assert state["chosen"][0] == SECOND
        assert state["draft"] == left["draft"]
        assert state["look"] == LOOK
        assert state["name"] == "my recipe"
    assert reloaded["results"][0]["revision"] == left["results"][0]["revision"]


@pytest.mark.parametrize("text", ["", "{}", '{"draft": {"steps": [{"name": 3}], "output": "float32"}}'])
def test_a_draft_that_can_t_be_read_is_none(project, text):
    """The preview starts anew."""
    folder = project.folder / "work" / "sam" / "recipes"
    folder.mkdir()
    (folder / ".draft-new.json").write_text(text)

    state = started(open_preview(project))

    assert [step["name"] for step in state["draft"]["steps"]] == ["reorient", "resample", "window"]


def test_a_recipe_s_file_is_what_it_starts_from(project, preview):
    """By its path from the person's folder; a draft that began with it goes on, one that began otherwise stays apart."""
    edit(preview, RESAMPLE)
    path = project.folder / "work" / "sam" / "recipes" / "bone.yaml"
    path.write_text("name: Bone\nsteps:\n- window: {center: 500, width: 2000}\noutput: float32\n")

    first = open_preview(project, "recipes/bone.yaml")
    start = started(first)
    edit(first, WINDOW, Z_SCORE)
    again, new = started(open_preview(project, "recipes/bone.yaml")), started(open_preview(project))

    assert (start["name"], start["draft"]["steps"][0]["parameters"]) == ("Bone", {"center": 500, "width": 2000})
    assert [step["name"] for step in again["draft"]["steps"]] == ["window", "z_score"]
    assert [step["name"] for step in new["draft"]["steps"]] == ["resample"]


def test_a_recipe_s_file_that_is_none_is_told(project):
    """As on the command line."""
    with pytest.raises(CcdsError, match="name a readable recipe"):
        open_preview(project, "recipes/none.yaml")


def test_a_draft_that_can_t_be_kept_is_told_and_shown_all_the_same(project, preview):
    """No room, no right: the result is there, with one line."""
    folder = project.folder / "work" / "sam" / "recipes"
    folder.write_text("no folder")

    state = edit(preview, WINDOW)

    assert "write into your folder recipes" in state["unkept"]
    assert state["results"][0]["older"] is False
    assert "write into your folder recipes" in keep(preview, [WINDOW])["unkept"]


def test_what_is_told_is_of_what_was_applied(preview):
    """Also while something else is typed already: as many lines as steps, whatever is kept meanwhile."""
    edit(preview, REORIENT, WINDOW)
    keep(preview, [WINDOW])

    state = preview.answer({"kind": "poll"})

    assert [step["name"] for step in state["draft"]["steps"]] == ["reorient", "window"]


def test_a_step_that_isn_t_sensible_for_the_modality_is_told_of(preview):
    """At its place in the draft, whatever stands before it switched off; it is applied all the same."""
    state = edit(preview, WINDOW | {"on": False}, REORIENT, Z_SCORE)

    lines = [step["advice"] for step in state["draft"]["steps"]]
    assert lines[:2] == [None, None]
    assert "HU" in lines[2]
    assert state["results"][0]["older"] is False


def test_two_previews_that_change_one_draft_say_so(project):
    """Two notebooks of one person, or two tabs: each is told, once the other one has changed it, until it has a name."""
    one, other = open_preview(project), open_preview(project)
    for model in (one, other):
        started(model)

    alone = edit(one, WINDOW)["unkept"]
    both = [edit(other, REORIENT)["unkept"], keep(one, [Z_SCORE])["unkept"], keep(one, [WINDOW])["unkept"]]
    named = save(one, "mine", WINDOW)["unkept"]
    after = keep(one, [REORIENT])["unkept"]

    assert alone is None
    assert all("another one of yours changes it, too" in line for line in both)
    assert (named, after) == (None, None)


def test_who_only_looks_around_in_another_preview_is_no_news(project):
    """Both have the same recipe, in another plane."""
    one, other = open_preview(project), open_preview(project)
    steps = started(one)["draft"]["steps"]
    started(other)

    lines = [keep(model, steps)["unkept"] for model in (one, other, one)]
    choose(other, SECOND)

    assert [*lines, keep(one, steps)["unkept"]] == [None] * 4


def test_a_page_that_is_opened_anew_begins_without_that_news(project):
    """What another preview did before is over; the next time that it changes the draft is told again."""
    one, other = open_preview(project), open_preview(project)
    for model in (one, other):
        started(model)
    edit(one, WINDOW)
    edit(other, REORIENT)

    opened = started(other)["unkept"]
    alone = edit(other, Z_SCORE)["unkept"]
    edit(one, WINDOW)

    assert (opened, alone) == (None, None)
    assert "another one of yours" in edit(other, REORIENT)["unkept"]
