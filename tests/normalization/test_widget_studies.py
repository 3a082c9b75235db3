"""Several studies side by side, a saved recipe beside the draft, and what a draft would make of them."""

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_widgets.normalization.app import open_preview
from ccds_widgets.normalization.results import Recent
from support.preview import AFFINE, SHAPE, head, write_image
from support.preview_model import (
    FIRST,
    FLAT,
    REORIENT,
    RESAMPLE,
    SECOND,
    WINDOW,
    attempt,
    choose,
    edit,
    save,
    settled,
    slices,
    started,
)

SHIFT = (7.0, -11.0, 300.0)
BONE = WINDOW | {"parameters": {"center": 500, "width": 2000}}


@pytest.fixture
def elsewhere(project):
    """The second study lies at another place of its scanner."""
    affine = AFFINE.copy()
    affine[:3, 3] += SHIFT
    write_image(project.folder / "nifti" / f"{SECOND}.nii.gz", head(1), affine)


def beside(model, file):
    """Puts a saved recipe beside the draft; the answer."""
    return settled(model, model.answer({"kind": "beside", "file": file}))


def test_studies_side_by_side_are_each_shown_whole(project, preview):
    """In the order in which they were chosen, by the same recipe; a reload shows them again."""
    edit(preview, REORIENT, WINDOW)
    state = choose(preview, SECOND, FIRST, SECOND)

    again = started(open_preview(project))

    for told in (state, again):
        assert told["chosen"] == [SECOND, FIRST]
        assert [result["volume"] for result in told["results"]] == [SECOND, FIRST]
        assert len({result["recipe"] for result in told["results"]}) == 1
    assert slices(preview, state, after=[6], study=0) != slices(preview, state, after=[6], study=1)


def test_the_same_place_of_two_studies_is_as_far_from_their_middles(elsewhere, preview):  # noqa: ARG001 - moves a study
    """Wherever they lay in their scanners."""
    edit(preview, REORIENT, WINDOW)
    state = choose(preview, FIRST, SECOND)
    probe = {"kind": "probe", "revision": state["results"][0]["revision"], "plane": "axial", "side": "before"}

    first, second = preview.answer(probe | {"number": 4, "x": 3, "y": 5})["studies"]

    assert np.subtract(second["place_mm"], first["place_mm"]) == pytest.approx(SHIFT)
    assert first["before"] == {"value": float(head()[3, 5, 4]), "pixel": (3, 5, 4)}
    assert second["before"] == {"value": float(head(1)[3, 5, 4]), "pixel": (3, 5, 4)}


def test_one_study_that_is_none_leaves_the_others(project, preview):
    """Its place stays empty, with its line."""
    (project.folder / "nifti" / f"{SECOND}.nii.gz").write_bytes(b"no image")

    state = choose(preview, FIRST, SECOND)

    assert [result is None for result in state["results"]] == [False, True]
    assert list(state["trouble"]["volumes"]) == [SECOND]


def test_studies_that_the_memory_doesn_t_hold_together_are_told(project):
    """Rather than made again at each step: the last one is shown, the other has its line; alone it is shown again."""
    model = open_preview(project, pictures=Recent(0))
    started(model)

    both = choose(model, FIRST, SECOND)
    alone = choose(model, FIRST)

    assert [result is None for result in both["results"]] == [True, False]
    assert "show fewer" in both["trouble"]["volumes"][FIRST]
    assert alone["results"][0]["volume"] == FIRST
    assert alone["trouble"]["volumes"] == {}


def test_a_step_that_fails_for_one_of_several_studies_names_it(project, preview):
    """The others show the recipe."""
    write_image(project.folder / "nifti" / f"{SECOND}.nii.gz", np.full(SHAPE, 3, np.int16))
    choose(preview, FIRST, SECOND)

    state = edit(preview, REORIENT, FLAT)

    assert state["draft"]["steps"][1]["error"].startswith(f"Study {SECOND[:8]}…: Expected voxels that differ")
    assert [result["older"] for result in state["results"]] == [False, True]


def test_a_saved_recipe_beside_the_draft(project, preview):
    """On the same study, voxel for voxel; the draft goes on, and a reload shows both."""
    save(preview, "Bone", BONE)
    edit(preview, REORIENT, WINDOW)

    state = beside(preview, "bone.yaml")

    stored = read_nifti(project.folder / "nifti" / f"{FIRST}.nii.gz")
    expected = apply(Recipe("r", (make_step("window", BONE["parameters"]),)), stored.volume)
    shown = np.frombuffer(slices(preview, state, beside=[6])["buffers"][0], np.uint8).reshape(SHAPE[1], SHAPE[0])
    low, high = expected.voxels.min(), expected.voxels.max()
    assert np.abs(shown - (expected.voxels[:, :, 6].T - low) / (high - low) * 255).max() <= 0.51
    assert state["files"] == ["bone.yaml"]
    assert list(state["results"][0]["sides"]) == ["before", "after", "beside"]
    assert started(open_preview(project))["beside"] == "bone.yaml"
    assert list(beside(preview, None)["results"][0]["sides"]) == ["before", "after"]


def test_a_saved_recipe_beside_for_which_there_is_no_memory_is_told(project):
    """Three pictures that take each other's room would be made again and again; without it both others are there."""
    model = open_preview(project, pictures=Recent(0))
    started(model)
    save(model, "Bone", BONE)
    edit(model, REORIENT)

    three = beside(model, "bone.yaml")
    two = beside(model, None)

    assert three["results"] == [None]
    assert "show fewer" in three["trouble"]["volumes"][FIRST]
    assert list(two["results"][0]["sides"]) == ["before", "after"]


def test_a_saved_recipe_that_makes_no_sense_is_told(project, preview):
    """The draft is shown all the same."""
    folder = project.folder / "work" / "sam" / "recipes"
    folder.mkdir(exist_ok=True)
    (folder / "broken.yaml").write_text("name: [")

    state = beside(preview, "broken.yaml")

    assert "a recipe in YAML" in state["trouble"]["beside"]
    assert list(state["results"][0]["sides"]) == ["before", "after"]
    with pytest.raises(CcdsError, match="reload the page"):
        beside(preview, "none.yaml")


def test_a_draft_is_tried_without_being_applied_or_kept(project, preview):
    """Pictures of each study, what each step does; nothing else changes."""
    state = choose(preview, FIRST, SECOND)

    tried = attempt(preview, REORIENT, BONE | {"on": False}, WINDOW)

    assert [study["revision"] for study in tried["studies"]] == [result["revision"] for result in state["results"]]
    for study, buffer in zip(tried["studies"], tried["buffers"], strict=True):
        width, height, _ = study["cut"]["size"]
        assert len(buffer) == width * height
        assert study["range"] == (0, 1)
    assert tried["start"]["range"][1] > 900
    assert tried["steps"][0]["range"] == tried["start"]["range"]
    assert tried["steps"][1] is None
    assert tried["steps"][2]["range"] == (0, 1)
    assert started(open_preview(project))["draft"] == state["draft"]


def test_the_picture_after_a_step_in_the_middle(preview):
    """Steps behind it are left aside, but still told of."""
    tried = attempt(preview, REORIENT, RESAMPLE, WINDOW, after=2)

    assert tried["studies"][0]["range"] == tried["steps"][1]["range"]
    assert tried["studies"][0]["range"][1] > 1
    assert tried["steps"][2]["range"] == (0, 1)


def test_a_draft_that_can_t_be_tried_says_where(preview):
    """A value that is none, or a step that makes no sense: at its step; there is no picture."""
    started(preview)

    typo = attempt(preview, REORIENT, WINDOW | {"parameters": {"center": "4o", "width": 80}})
    flat = attempt(preview, WINDOW | {"parameters": {"center": 1e6, "width": 1}}, FLAT)

    assert [line is None for line in typo["wrong"]] == [True, False]
    assert "found '4o'" in typo["wrong"][1]
    assert flat["wrong"][0] is None
    assert flat["wrong"][1].startswith("Expected voxels that differ")


def test_intensities_as_scanned_are_seen_through_the_display_window(preview):
    """After steps that only change the grid, too, whole or tried; other ones by their own range."""
    bone = {"center": 500, "width": 2000}
    state = edit(preview, REORIENT)

    before, after = slices(preview, state, display=bone, before=[6], after=[6])["buffers"]
    tried = attempt(preview, REORIENT, WINDOW, after=1, display=bone, position=5)
    windowed = attempt(preview, REORIENT, WINDOW, display=bone, position=5)

    assert after == before
    assert tried["buffers"] == [before]
    assert windowed["buffers"] == attempt(preview, REORIENT, WINDOW, position=5)["buffers"]


def test_stopped_work_leaves_what_was_shown(preview):
    """Older than the recipe; asked for again it is made."""
    old = edit(preview, WINDOW)
    preview.answer({"kind": "edit", "draft": {"steps": [BONE], "output": "float32"}})
    stopped = preview.answer({"kind": "stop"})

    again = edit(preview, BONE)

    assert stopped["working"] is None
    assert stopped["results"][0]["recipe"] in {old["results"][0]["recipe"], again["results"][0]["recipe"]}
    assert (again["stopped"], again["results"][0]["older"]) == (False, False)


def test_the_intensities_in_numbers(preview):
    """Percentiles and both tissues of each side: what a table of them shows."""
    sides = edit(preview, REORIENT)["results"][0]["sides"]

    numbers = sides["before"]["numbers"]

    assert numbers["percentiles"] == pytest.approx(np.percentile(head(), [1, 25, 50, 75, 99]))
    assert numbers["mean"] == pytest.approx(head().mean())
    assert numbers["every"] == 1
    dark, bright = (head()[head() <= numbers["threshold"]], head()[head() > numbers["threshold"]])
    for told, voxels in ((numbers["darker"], dark), (numbers["brighter"], bright)):
        assert told == pytest.approx(
            {"share": voxels.size / head().size, "mean": voxels.mean(), "deviation": voxels.std()}
        )
    assert sides["after"]["numbers"] == numbers


def test_what_the_copy_can_t_is_done_with_the_whole_volume(project, preview):
    """Something that every other voxel misses is gone from a coarser copy, not from the image."""
    voxels = np.full((260, 260, 40), -1000, np.int16)
    voxels[101:141:2, 100:120, 10:30] = np.random.default_rng(1).integers(100, 200, (20, 20, 20))
    write_image(project.folder / "nifti" / f"{FIRST}.nii.gz", voxels, np.eye(4))
    started(preview)
    foreground = {"name": "foreground", "on": True, "parameters": {"method": "above", "above": 0, "keep": "all"}}
    crop = {"name": "crop_pad", "on": True, "parameters": {"margin_mm": 0, "to": "foreground"}}
    n4 = {"name": "n4", "on": True, "parameters": {"mask": "none", "spacing_mm": 2}}

    state = edit(preview, foreground, crop, n4)

    assert [step["error"] for step in state["draft"]["steps"]] == [None, None, None]
    assert state["results"][0]["sides"]["after"]["shape"] == (39, 20, 20)
