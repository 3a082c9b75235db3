"""The cohort view without a browser: what its page is told, on a project with volumes of two scanners."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.normalization.apply_file import apply_to_file
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.spread.app import chosen_preview, normalization_cohort, open_cohort
from ccds_widgets.normalization.spread.measuring import Measuring
from ccds_widgets.normalization.spread.ports import Plan
from ccds_widgets.normalization.spread.site_cohort import in_turn
from ccds_widgets.normalization.spread.view import SpreadWidget
from support.preview import SIDECAR, STUDIES, allow, head, make_project, oriented, write_image
from support.waiting import until

RECIPE = Recipe.from_yaml("name: head CT\nsteps:\n- reorient: {to: RAS}\n- window: {center: 40, width: 80}\n")


@pytest.fixture
def project(tmp_path):
    """HEAD-1 with ten volumes: two of a scanner, and eight of another, of which the last has thick slices."""
    project = make_project(tmp_path)
    for number in range(8):
        path = project.folder / "nifti" / f"study{number}" / "series-1.nii.gz"
        write_image(path, head(number), oriented("LPS", (3.2, 3.2, 5.0 if number < 7 else 15.0)))
        scanner = {"scanner": {"ManufacturerModelName": "Borealis 64"}}
        path.with_name("series-1.json").write_text(json.dumps(SIDECAR | scanner))
    RecipeFolder(project.folder / "work" / "sam" / "recipes").save(RECIPE)
    yield project
    project.store.close()


@pytest.fixture
def opened():
    """The volumes that were opened."""
    return []


@pytest.fixture
def view(project, opened):
    """Its cohort view, with no recipe."""
    model = open_cohort(project, on_choose=opened.append)
    yield model
    model.close()


def measured(model, answer):
    """All that is told of a turn that `answer` began, and the last answer."""
    told = list(answer["told"])
    while answer["at_work"]:
        answer = model.answer({"kind": "look", "turn": answer["turn"], "count": len(told)})
        told += answer["told"]
    return told, answer


def test_every_volume_is_measured_beside_the_page(view):
    """Headers first, then voxels; the page asks what is new until all is told, each thing once."""
    first = view.start()

    told, last = measured(view, first)

    assert [scanner["volumes"] for scanner in first["scanners"]] == [8, 2]
    assert first["scanners"][0]["scanner"] == "Borealis 64"
    assert [one[2] for one in told] == ["header"] * 10 + ["voxels"] * 10
    assert sorted(one[0] for one in told) == sorted([*range(10)] * 2)
    assert last["count"] == last["total"] == 20
    assert not last["failed"]


def test_the_unlike_one_is_told_and_can_be_opened(view, opened):
    """By its place in the list; nothing else is opened."""
    first = view.start()
    _, last = measured(view, first)

    (unlike,) = last["unlike"]
    view.answer({"kind": "choose", "volume": unlike["volume"]})

    assert opened == ["study7/series-1"] == [first["volumes"][unlike["volume"]]["id"]]
    assert [one["what"] for one in unlike["what"]] == ["spacing S–I"]
    with pytest.raises(CcdsError, match="a volume of this project"):
        view.answer({"kind": "choose", "volume": 10})


def test_a_recipe_s_grids_are_planned_and_its_intensities_tried(view):
    """Where no run has made anything: of four volumes of each scanner."""
    view.start()

    told, last = measured(view, view.answer({"kind": "recipe", "file": "head-ct.yaml"}))

    after = [one for one in told if one[1]]
    assert {one[3][2] for one in after if one[2] == "planned"} == {"RAS"}
    assert len([one for one in after if one[2] == "tried"]) == last["tried"] == 6
    assert all(0 <= value <= 1 for one in after if one[2] == "tried" for value in one[4])
    assert last["made"] == 0


def test_what_a_run_has_made_is_measured(view, project):
    """The files themselves, beside those that are tried."""
    for study in (*STUDIES, "study7"):
        made = project.folder / "normalized" / RECIPE.digest() / study / "series-1.nii.gz"
        apply_to_file(RECIPE, project.folder / "nifti" / study / "series-1.nii.gz", made)
    view.start()

    told, last = measured(view, view.answer({"kind": "recipe", "file": "head-ct.yaml"}))

    made = [one for one in told if one[2] == "made"]
    assert (last["made"], last["tried"]) == (3, 4)
    assert len(made) == 6
    assert {one[3][2] for one in made if one[3]} == {"RAS"}
    assert last["unlike"][0]["what"][0]["what"] == "spacing S–I"


def test_what_was_measured_is_not_read_again(view, project):
    """Another page, another kernel: a file that is as it was comes from what is kept, one that was replaced doesn't."""
    before, _ = measured(view, view.start())
    path = project.folder / "nifti" / "study0" / "series-1.nii.gz"
    about = path.with_name("series-1.json").read_text()
    write_image(path, head(0) + np.int16(500), oriented("LPS", (3.2, 3.2, 5.0)))
    path.with_name("series-1.json").write_text(about)
    kept = project.folder / "work" / "sam" / ".ccds" / "spread.jsonl"
    lines = len(kept.read_text().splitlines())
    again = open_cohort(project, on_choose=print)

    after, _ = measured(again, again.start())

    changed = [old[0] for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert len(kept.read_text().splitlines()) == lines + 1


def test_a_volume_that_can_t_be_read_says_why(view, project):
    """The others are measured all the same."""
    (project.folder / "nifti" / "study3" / "series-1.nii.gz").write_bytes(b"no image")

    told, last = measured(view, view.start())

    broken = [one for one in told if one[5]]
    assert {one[0] for one in broken} == {5}
    assert len(told) == last["total"]
    assert broken[0][5].startswith("expected a NIfTI-1 image")


def test_an_older_turn_gets_the_new_one_from_its_beginning(view):
    """An answer that was on its way when the recipe changed."""
    first = view.start()
    second = view.answer({"kind": "recipe", "file": "head-ct.yaml"})

    late = view.answer({"kind": "look", "turn": first["turn"], "count": 5})

    assert late["turn"] == second["turn"] != first["turn"]
    assert late["begin"] == 0


def test_a_recipe_may_be_given_and_taken_away(project):
    """By its file; one that isn't there is refused."""
    model = open_cohort(project, "recipes/head-ct.yaml", on_choose=print)

    first = model.start()
    taken = model.answer({"kind": "recipe", "file": None})

    assert first["recipe"] == {"name": "head CT", "file": "head-ct.yaml", "digest": RECIPE.digest()}
    assert first["recipes"] == [{"file": "head-ct.yaml", "name": "head CT"}]
    assert taken["recipe"] is None
    with pytest.raises(CcdsError, match="a recipe of your folder recipes"):
        model.answer({"kind": "recipe", "file": "../other.yaml"})
    model.close()


def test_recipes_saved_since_are_listed_and_nothing_is_measured_anew(view, project):
    """The turn goes on, and what was chosen stays so."""
    turn = view.start()["turn"]
    RecipeFolder(project.folder / "work" / "sam" / "recipes").save(replace(RECIPE, name="made since"))

    answer = view.answer({"kind": "recipes"})

    assert {one["name"] for one in answer["recipes"]} == {"head CT", "made since"}
    assert answer["recipe"] is None
    assert view.answer({"kind": "look", "turn": turn, "count": 0})["turn"] == turn


def test_of_two_recipes_that_differ_by_name_the_chosen_one_is_told(view, project):
    """Their hash is the same; in the list the one that was chosen is."""
    RecipeFolder(project.folder / "work" / "sam" / "recipes").save(replace(RECIPE, name="another name"))
    view.start()

    chosen = [view.answer({"kind": "recipe", "file": file})["recipe"] for file in ("head-ct.yaml", "another-name.yaml")]

    assert [one["file"] for one in chosen] == ["head-ct.yaml", "another-name.yaml"]
    assert chosen[0]["digest"] == chosen[1]["digest"]


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"kind": "look"},
        {"kind": "choose", "volume": -1},
        {"kind": "choose", "volume": "study7"},
        {"kind": "x"},
    ],
)
def test_what_is_no_request_is_refused(view, content):
    """Whatever a page sends."""
    view.start()

    with pytest.raises(CcdsError):
        view.answer(content)


def test_who_loses_the_right_is_shown_nothing_more(view, project):
    """Each request asks again."""
    view.start()
    allow(project.settings, data=["reports"])

    with pytest.raises(ProjectAccessDenied):
        view.answer({"kind": "look", "turn": 1, "count": 0})


def test_scanners_take_turns():
    """So that what is measured first says something of all."""
    entries = [VolumeEntry(f"s{n}", "1", "CT", scanner) for n, scanner in enumerate("aaaabbc")]

    assert in_turn(entries) == [0, 4, 6, 1, 5, 2, 3]


def test_a_volume_is_opened_in_a_preview_below(project):
    """Where nothing else was said: with that volume chosen, and the recipe."""
    box = normalization_cohort(project, "recipes/head-ct.yaml")

    widget, below = box.children
    preview = chosen_preview(project, "study7/series-1", "recipes/head-ct.yaml")

    assert isinstance(widget, SpreadWidget)
    assert below.children == ()
    assert preview.start()["project"] == project.id
    widget.answer({"kind": "ready"})
    widget.answer({"kind": "choose", "volume": 0})
    assert len(below.children) == 1


def test_measuring_ends_with_the_right(project):
    """Though no page asks meanwhile: nothing is read for somebody who may not see it."""
    allow(project.settings, data=["reports"])
    read = []
    plan = Plan(iter(lambda: read.append(1), 1), 5, 0, 0)
    measuring = Measuring(plan, lambda: project.require(Action.READ_IMAGES))
    until(lambda: not measuring.is_at_work, "the end of the measuring")

    assert (read, measuring.count) == ([], 0)
    assert (measuring.is_whole, measuring.has_failed) == (False, False)


def test_a_view_that_was_cut_short_is_measured_when_it_is_opened_again(view):
    """A reload shows all volumes, not those that there was time for."""
    view.start()
    view.close()

    _, last = measured(view, view.start())

    assert last["count"] == last["total"] == 20
