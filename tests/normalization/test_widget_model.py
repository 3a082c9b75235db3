"""What the preview shows, and by which rules, without a browser."""

import json

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_widgets.normalization.app import open_preview
from support.preview import AFFINE, SHAPE, allow, head
from support.preview_model import (
    FIRST,
    FLAT,
    REORIENT,
    RESAMPLE,
    SECOND,
    WINDOW,
    Z_SCORE,
    choose,
    edit,
    save,
    slices,
    started,
)
from support.site import on_roster, site_settings


def test_it_starts_with_the_first_study_and_a_recipe_that_makes_sense(project):
    """Studies as sidecars describe them; reorient, resample, window; everything is shown at full resolution."""
    state = started(open_preview(project))

    assert [volume["id"] for volume in state["volumes"]] == [FIRST, SECOND]
    assert state["volumes"][0]["scanner"] == "Sample Scan 64"
    assert (state["project"], state["chosen"], state["saved"]) == ("HEAD-1", [FIRST], None)
    assert state["results"][0]["older"] is False
    assert [step["name"] for step in state["draft"]["steps"]] == ["reorient", "resample", "window"]
    assert state["trouble"] == {"volumes": {}, "output": None, "beside": None}
    before, after = state["results"][0]["sides"]["before"], state["results"][0]["sides"]["after"]
    assert (before["shape"], before["spacing_mm"]) == (SHAPE, pytest.approx((3.2, 3.2, 5)))
    assert (after["shape"], after["spacing_mm"]) == ((63, 76, 58), pytest.approx((1, 1, 1)))
    assert after["range"] == (0, 1)
    for side in (before, after):
        assert sum(side["histogram"]["counts"]) == np.prod(side["shape"])
    assert json.dumps(state)


def test_what_is_shown_is_what_apply_gives(project, preview):
    """Every slice of the result, to the byte."""
    state = edit(preview, REORIENT, WINDOW)
    steps = tuple(make_step(step["name"], step["parameters"]) for step in (REORIENT, WINDOW))
    stored = read_nifti(project.folder / "nifti" / f"{FIRST}.nii.gz")
    expected = apply(Recipe("r", steps), stored.volume)
    width, height, count = state["results"][0]["planes"]["axial"]["cuts"]["after"]["size"]

    buffers = slices(preview, state, after=range(count))["buffers"]

    shown = np.array([np.frombuffer(one, np.uint8).reshape(height, width) for one in buffers])
    lps = expected.voxels[::-1, ::-1].transpose(2, 1, 0)  # the picture's columns run to L, its rows to P
    assert np.array_equal(shown, np.rint(lps * 255).astype(np.uint8))


def test_the_picture_before_is_seen_through_the_display_window(preview):
    """A window of its own, or the full range; the recipe has no say in it."""
    state = edit(preview)
    bone = slices(preview, state, display={"center": 500, "width": 2000}, before=[6])["buffers"][0]
    full = slices(preview, state, before=[6])["buffers"][0]

    values = head()[:, :, 6].T
    expected = np.clip((values.astype(float) + 500) / 2000 * 255, 0, 255)
    everything = (values.astype(float) - head().min()) / np.ptp(head()) * 255
    for shown, wanted in ((bone, expected), (full, everything)):
        # The file's axes run to L and P already: columns and rows are its own.
        assert np.abs(np.frombuffer(shown, np.uint8).reshape(values.shape) - wanted).max() <= 0.51


def test_what_is_wrong_stands_at_its_step_and_the_last_picture_stays(preview):
    """Values that are none, steps that make no sense; marked as older until it is mended."""
    good = edit(preview, REORIENT, WINDOW)
    typo = edit(preview, REORIENT, WINDOW | {"parameters": {"center": "4o", "width": 80}})
    unknown = edit(preview, {"name": "blur", "on": True, "parameters": {}}, WINDOW)
    flat = edit(preview, REORIENT | {"on": False}, WINDOW | {"parameters": {"center": 1e6, "width": 1}}, FLAT)
    mended = edit(preview, REORIENT, WINDOW)

    errors = [[step["error"] for step in state["draft"]["steps"]] for state in (typo, unknown, flat, mended)]
    assert errors[0][0] is None
    assert "center of window to be right" in errors[0][1]
    assert "found '4o'" in errors[0][1]
    assert errors[1][0].startswith("Expected one of the steps reorient")
    assert errors[2][:2] == [None, None]
    assert errors[2][2].startswith("Expected voxels that differ")
    assert "(step" not in errors[2][2]
    assert errors[3] == [None, None]
    assert [state["results"][0]["older"] for state in (good, typo, unknown, flat, mended)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert {state["results"][0]["revision"] for state in (good, typo, unknown, flat, mended)} == {
        good["results"][0]["revision"]
    }


def test_a_step_that_is_off_may_be_wrong(preview):
    """It is told, and does no harm."""
    state = edit(preview, REORIENT, WINDOW | {"on": False, "parameters": {"center": "x", "width": 80}})

    assert "found 'x'" in state["draft"]["steps"][1]["error"]
    assert state["results"][0]["older"] is False


def test_an_output_that_would_lose_voxels_is_told(preview):
    """It belongs to no step."""
    state = edit(preview, WINDOW, output="int16")

    assert state["results"][0]["older"] is True
    assert "whole numbers" in state["trouble"]["output"]
    assert edit(preview, REORIENT, output="int16")["trouble"]["output"] is None


def test_another_study_with_a_wrong_recipe_shows_the_last_good_one(preview):
    """Rather than nothing, and says that it is older."""
    good = edit(preview, WINDOW)
    edit(preview, WINDOW | {"parameters": {"center": 40, "width": -1}})

    state = choose(preview, SECOND)

    assert (state["results"][0]["older"], state["results"][0]["volume"], state["results"][0]["recipe"]) == (
        True,
        SECOND,
        good["results"][0]["recipe"],
    )


def test_the_values_under_the_pointer_are_those_of_the_same_place(preview):
    """Before and after, in both directions, with the place in mm; beyond the other picture there is none."""
    state = edit(
        preview, REORIENT, RESAMPLE | {"parameters": {"spacing_mm": [3.2, 3.2, 2.5], "interpolation": "linear"}}
    )
    probe = {"kind": "probe", "revision": state["results"][0]["revision"], "plane": "axial", "x": 3, "y": 5}

    here = preview.answer(probe | {"side": "before", "number": 4})
    back = preview.answer(probe | {"side": "after", "number": here["studies"][0]["after"]["pixel"][2]})
    coarse = edit(preview, RESAMPLE | {"parameters": {"spacing_mm": [3.2, 3.2, 20], "interpolation": "linear"}})
    probe["revision"] = coarse["results"][0]["revision"]
    last = preview.answer(probe | {"side": "before", "number": 11})

    place = AFFINE @ [3, 5, 4, 1]  # the file's axes run to L and P: columns and rows are its own
    here, back, last = (one["studies"][0] for one in (here, back, last))
    assert here["place_mm"] == pytest.approx(place[:3])
    assert here["before"] == {"value": float(head()[3, 5, 4]), "pixel": (3, 5, 4)}
    assert here["after"] == {"value": float(head()[3, 5, 4]), "pixel": (3, 5, 8)}
    assert back == here
    assert last["place_mm"][2] == pytest.approx(-25 + 11 * 5)
    assert last["after"] is None


def test_slices_of_an_older_result_are_gone(preview):
    """A page that asks late gets no slice of another recipe."""
    old = edit(preview, WINDOW)
    edit(preview, Z_SCORE)

    assert slices(preview, old, after=[0]) == {"gone": True}
    assert preview.answer(
        {
            "kind": "probe",
            "revision": old["results"][0]["revision"],
            "plane": "axial",
            "side": "after",
            "number": 0,
            "x": 0,
            "y": 0,
        }
    ) == {"gone": True}


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "choose", "volumes": [f"../{FIRST}"]},
        {"kind": "choose", "volumes": [""]},
        {"kind": "beside", "file": "../x.yaml"},
        {"kind": "probe", "plane": "axial", "side": "before", "number": 0, "x": SHAPE[0], "y": 0},
        {"kind": "probe", "plane": "axial", "side": "before", "number": SHAPE[2], "x": 0, "y": 0},
    ],
)
def test_what_isn_t_there_is_refused(preview, request_):
    """A volume that isn't listed, a slice or pixel beyond the last one."""
    revision = started(preview)["results"][0]["revision"]

    with pytest.raises(CcdsError, match="reload the page"):
        preview.answer(request_ if request_["kind"] in {"choose", "beside"} else request_ | {"revision": revision})


@pytest.mark.parametrize("wanted", [{"before": [SHAPE[2]]}, {"after": [9999]}, {"beside": [0]}])
def test_a_slice_beyond_the_last_one_is_refused(preview, wanted):
    """Nor is there one of a recipe that isn't beside."""
    state = started(preview)

    with pytest.raises(CcdsError, match="reload the page"):
        slices(preview, state, **wanted)


def test_whoever_may_not_see_images_any_more_gets_one_line(tmp_path, project, preview):
    """The registry is asked before each answer: taken off the roster, there is no further slice."""
    state = started(preview)
    allow(site_settings(tmp_path), roster=on_roster(eli="engineer"))

    for asked in (
        preview.start,
        lambda: slices(preview, state, before=[0]),
        lambda: save(preview, "x", WINDOW),
        lambda: open_preview(project),
    ):
        with pytest.raises(CcdsError, match=r"expected sam on the roster of HEAD-1.*ask the principal investigator"):
            asked()

    assert not (project.folder / "work" / "sam" / "recipes" / "x.yaml").exists()


def test_a_project_of_reports_only_has_no_preview(tmp_path, project):
    """The application must cover images."""
    allow(site_settings(tmp_path), data=["reports"])

    with pytest.raises(CcdsError, match="covers images"):
        open_preview(project)
