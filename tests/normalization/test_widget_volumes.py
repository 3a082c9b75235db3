"""The preview's volumes: some that are none, that are mended, replaced or gone while somebody looks."""

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_widgets.normalization.app import open_preview
from support.preview import SHAPE, STUDIES, head, write_image
from support.preview_model import FIRST, REORIENT, RESAMPLE, SECOND, WINDOW, choose, edit, save, slices, started


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda path: write_image(path, np.zeros((4, 4, 4, 3), np.int16)), "found 4 (shape (4, 4, 4, 3))"),
        (lambda path: write_image(path, np.full((4, 4, 4), np.nan, np.float32)), "found 64 of 64 NaN or infinite"),
        (lambda path: path.write_bytes(path.read_bytes()[:800]), "a NIfTI-1 image"),
        (lambda path: path.write_bytes(b"no image"), "a NIfTI-1 image"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["4D", "NaN", "truncated", "no image", "gone"],
)
def test_a_volume_that_is_none_is_one_line_and_the_others_stay(project, preview, spoil, line):
    """It can be chosen and left again; a recipe can be changed meanwhile."""
    path = project.folder / "nifti" / f"{SECOND}.nii.gz"
    spoil(path)

    bad = choose(preview, SECOND)
    meanwhile = edit(preview, REORIENT)
    back = choose(preview, FIRST)

    for state in (bad, meanwhile):
        assert line in state["trouble"]["volumes"].get(SECOND)
        assert "\n" not in state["trouble"]["volumes"].get(SECOND)
        assert str(project.folder) not in state["trouble"]["volumes"].get(SECOND)
        assert (state["chosen"][0], state["results"][0]) == (SECOND, None)
    assert back["trouble"]["volumes"].get(FIRST) is None
    assert back["results"][0]["volume"] == FIRST


def test_a_volume_that_was_mended_is_read_anew(project, preview):
    """What couldn't be read isn't remembered."""
    path = project.folder / "nifti" / f"{SECOND}.nii.gz"
    path.write_bytes(b"no image")
    choose(preview, SECOND)
    write_image(path, head(1))

    state = edit(preview, WINDOW)

    assert (state["trouble"]["volumes"].get(SECOND), state["results"][0]["volume"]) == (None, SECOND)


def test_a_volume_that_was_replaced_is_shown_as_it_is_now(project, preview):
    """At the next change and after a reload; until then no slice of the new one goes with what was told of the old one."""
    path = project.folder / "nifti" / f"{FIRST}.nii.gz"
    old = edit(preview, WINDOW)
    write_image(path.with_name("new.nii.gz"), head()[:, :, :6])
    path.with_name("new.nii.gz").replace(path)

    with pytest.raises(CcdsError, match=r"another file in its place.*reload the page"):
        slices(preview, old, before=[11])
    reloaded = started(preview)
    write_image(path.with_name("new.nii.gz"), head()[:, :, :5])
    path.with_name("new.nii.gz").replace(path)
    edited = edit(preview, WINDOW | {"parameters": {"center": "x", "width": 80}})

    shapes = [state["results"][0]["sides"]["before"]["shape"] for state in (old, reloaded, edited)]
    versions = [state["results"][0]["version"] for state in (old, reloaded, edited)]
    assert shapes == [SHAPE, (*SHAPE[:2], 6), (*SHAPE[:2], 5)]
    assert len(set(versions)) == 3
    assert slices(preview, edited, before=[4])["buffers"]


def test_a_project_without_volumes_says_so(project):
    """No study, no result, no error."""
    for study in STUDIES:
        (project.folder / "nifti" / study / "series-1.nii.gz").unlink()

    state = started(open_preview(project))

    assert (state["volumes"], state["chosen"], state["results"]) == ([], [], [])


def test_a_volume_replaced_after_a_recipe_was_saved_opens_all_the_same(project, preview):
    """No hash of the old volume is told of the new one; a reload shows that one, and then its hash."""
    path = project.folder / "nifti" / f"{FIRST}.nii.gz"
    edit(preview, WINDOW)
    before = save(preview, "head CT")
    write_image(path.with_name("new.nii.gz"), head(7))
    path.with_name("new.nii.gz").replace(path)

    polled = preview.answer({"kind": "poll"})
    reloaded = started(preview)

    assert before["saved"]
    assert polled["saved"] is None
    assert reloaded["saved"]["output"] != before["saved"]["output"]


def test_what_memory_does_not_suffice_for_is_not_begun(project):
    """A slip of the finger, such as 0.1 mm: named beside its step, before it ends the kernel."""
    model = open_preview(project, memory=10_000_000)
    started(model)
    fine = RESAMPLE | {"parameters": {"spacing_mm": [0.1, 0.1, 0.1], "interpolation": "linear"}}

    state = edit(model, REORIENT, fine)

    assert "an image for which 0.01 GB of memory suffice" in state["draft"]["steps"][1]["error"]
    assert state["results"][0]["older"]
    assert not edit(model, REORIENT, RESAMPLE)["results"][0]["older"]
