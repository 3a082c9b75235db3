"""Correcting a mask: strokes on slices, undo, and what is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.imaging.viewer.drawing import Drawing
from ccds_widgets.normalization.planes import Cut, Plane
from support.preview import SHAPE, head, oriented, write_image
from support.viewing import SERIES, STUDY, FolderScans, Looking

SMALL = (4, 5, 6)


@pytest.fixture
def scans(tmp_path):
    """A CT of a head, whose axes run to L, P and S: a pixel (x, y) of axial slice k is voxel (x, y, k)."""
    write_image(tmp_path / "nifti" / STUDY / f"{SERIES}.nii.gz", head())
    return FolderScans(tmp_path / "nifti")


@pytest.fixture
def looking(scans):
    """A new mask is being drawn on it."""
    page = Looking(scans)
    page.ask("begin", mask=None)
    return page


def kept_labels(scans) -> np.ndarray:
    """The newest mask's."""
    return scans.kept[-1][1].labels


def test_what_is_drawn_is_kept_and_nothing_else(looking, scans):
    """Voxel by voxel, in two planes; with no other name than the label's."""
    looking.stroke((3, 4, 6), number=2)
    looking.stroke((0, 1, 1), plane="coronal", number=0, label=7)

    looking.ask("keep")

    expected = np.zeros(SHAPE, np.uint8)
    expected[4:7, 3, 2] = 1
    expected[1, 23, 11] = 7  # coronal: rows from head to feet, slices from posterior to anterior
    assert np.array_equal(kept_labels(scans), expected)
    assert scans.kept[-1][0].labels == {1: "", 7: ""}
    assert scans.kept[-1][0].kind == "drawn"


def test_a_correction_starts_from_a_mask_and_leaves_it_as_it_is(looking, scans):
    """The older one is still there; names are carried over where their label still has voxels."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 0, 0], labels[1, 0, 0] = 1, 2
    scans.keep(scans.of_study(STUDY)[0], Mask(labels, {1: "bleed", 2: "oedema"}, "seg"))

    looking.ask("begin", mask=1)
    looking.stroke((0, 1, 1), label=0)
    looking.stroke((0, 2, 2), label=1)
    answer = looking.ask("keep")

    assert np.argwhere(kept_labels(scans)).tolist() == [[0, 0, 0], [2, 0, 0]]
    assert scans.kept[-1][0].labels == {1: "bleed"}
    assert np.argwhere(scans.kept[0][1].labels).tolist() == [[0, 0, 0], [1, 0, 0]]
    assert [one["id"] for one in answer["masks"]] == [1, 2]
    assert answer["drawing"] is None


def test_a_stroke_may_leave_other_labels_alone(looking, scans):
    """Only voxels without a label take the brush's then."""
    looking.stroke((0, 2, 3), label=5)
    looking.stroke((0, 0, 5), label=1, over=0)

    looking.ask("keep")

    assert kept_labels(scans)[:6, 0, 0].tolist() == [1, 1, 5, 5, 1, 1]


def test_the_labels_voxels_are_counted_as_they_are_drawn(looking):
    """After each stroke and each undo."""
    first = looking.stroke((0, 0, 3))
    second = looking.stroke((0, 2, 5), label=2)
    undone = looking.ask("undo")["drawing"]

    counts = [{one["label"]: one["voxels"] for one in told["labels"]} for told in (first, second, undone)]
    assert counts == [{1: 4}, {1: 2, 2: 4}, {1: 4}]
    assert (second["undoable"], undone["undoable"]) == (2, 1)


def test_each_drawing_is_told_apart_from_those_before_it(looking):
    """Saved, left or begun anew: no page takes a slice of an earlier one for a slice of this one."""
    drawings = [looking.stroke((0, 0, 3))]
    looking.ask("keep")
    for _ in range(2):
        looking.ask("begin", mask=1)
        drawings.append(looking.stroke((0, 5, 6)))
        looking.ask("drop")

    assert [told["revision"] for told in drawings] == [1, 1, 1]
    assert len({told["id"] for told in drawings}) == 3


def test_what_is_taken_back_is_told(looking):
    """So that a page can show the slice: a stroke that disappears on another one is a surprise."""
    looking.stroke((0, 0, 3), number=2)
    looking.stroke((0, 0, 3), plane="sagittal", number=5)

    assert [looking.ask("undo")["undone"] for _ in range(3)] == [["sagittal", 5], ["axial", 2], None]


def test_a_mask_without_a_stroke_is_not_kept_again(looking, scans):
    """The same twice would tell of a correction that nobody made."""
    scans.keep(scans.of_study(STUDY)[0], Mask(np.ones(SHAPE, np.uint8), {1: ""}, "nifti"))
    looking.ask("begin", mask=1)

    with pytest.raises(CcdsError, match="strokes that aren't saved; found none"):
        looking.ask("keep")

    assert len(scans.kept) == 1


def test_undo_with_nothing_to_take_back_is_no_error(looking):
    """A key that is pressed once too often."""
    assert looking.ask("undo")["drawing"]["undoable"] == 0


@pytest.mark.parametrize(
    ("runs", "number"), [([(24, 0, 0)], 0), ([(0, 0, 20)], 0), ([(0, 3, 2)], 0), ([(0, 0, 0)], 12), ([(0, 0)], 0)]
)
def test_a_stroke_beyond_the_slice_draws_nothing(looking, runs, number):
    """Neither its pixels within nor anything else."""
    with pytest.raises(CcdsError):
        looking.stroke((1, 1, 1), *runs, number=number)

    assert looking.ask("undo")["drawing"]["labels"] == []


def test_an_empty_mask_is_not_kept(looking, scans):
    """There is nothing to say who drew."""
    looking.stroke((0, 0, 0))
    looking.stroke((0, 0, 0), label=0)

    with pytest.raises(CcdsError, match="draw something first"):
        looking.ask("keep")

    assert scans.kept == []


def test_a_mask_that_somebody_kept_meanwhile_is_told_once(looking, scans):
    """Nobody's work disappears unseen under another's; both are kept."""
    looking.stroke((0, 0, 0))
    scans.keep(scans.of_study(STUDY)[0], Mask(np.ones(SHAPE, np.uint8), {1: ""}, "nifti"), "sam")

    with pytest.raises(CcdsError, match="sam kept meanwhile"):
        looking.ask("keep")
    looking.ask("keep")

    assert [kept.person for kept, _ in scans.kept] == ["sam", "eve"]


def test_strokes_that_are_not_saved_are_not_lost_by_opening_something_else(looking, scans):
    """Another mask and another volume wait; the same volume, after a reload, shows them still."""
    write_image(scans.folder.folder / STUDY / "series-2.nii.gz", head(2))
    looking.stroke((0, 0, 0))

    with pytest.raises(CcdsError, match="save the mask, or leave"):
        looking.ask("begin", mask=None)
    with pytest.raises(CcdsError, match="save the mask, or leave"):
        looking.model.answer({"kind": "open", "study": STUDY, "series": "series-2"})
    again = looking.model.answer({"kind": "open", "study": STUDY, "series": SERIES})

    assert again["drawing"]["labels"][0]["voxels"] == 1
    looking.ask("drop")
    assert looking.model.answer({"kind": "open", "study": STUDY, "series": "series-2"})["drawing"] is None


def test_strokes_on_a_volume_that_was_made_anew_can_be_left(looking, scans):
    """Neither drawn on nor kept, as they may lie elsewhere now; thrown away, and then everything can be opened again."""
    looking.stroke((0, 0, 0))
    write_image(scans.folder.folder / STUDY / f"{SERIES}.nii.gz", head(2))
    here = {"kind": "open", "study": STUDY, "series": SERIES}

    with pytest.raises(CcdsError, match="made anew meanwhile; throw away what you drew"):
        looking.ask("keep")
    with pytest.raises(CcdsError, match="leave the correction"):
        looking.model.answer(here)
    assert looking.ask("drop") == {"drawing": None}

    assert looking.model.answer(here)["drawing"] is None
    assert scans.kept == []


def test_who_lost_the_right_can_leave_what_they_drew(looking, scans):
    """Nothing is written by that."""
    looking.stroke((0, 0, 0))
    scans.corrects = False

    assert looking.ask("drop") == {"drawing": None}


@pytest.mark.parametrize("kind", ["begin", "stroke", "undo", "keep"])
def test_who_may_not_write_images_draws_nothing(looking, scans, kind):
    """Each request is asked for anew: a right that went in the middle is gone."""
    looking.stroke((0, 0, 0))
    scans.corrects = False
    parts = {
        "begin": {"mask": None},
        "stroke": {"plane": "axial", "number": 0, "label": 1, "over": None, "runs": [0, 1, 1]},
    }

    with pytest.raises(CcdsError, match="may write images"):
        looking.ask(kind, **parts.get(kind, {}))

    assert scans.kept == []
    scans.corrects = True
    assert looking.ask("undo")["drawing"]["labels"] == []


STROKES = st.lists(
    st.tuples(
        st.sampled_from(list(Plane)), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3),
        st.sampled_from([None, 0, 1]),
    ),
    max_size=8,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(strokes=STROKES)
def test_undo_takes_back_every_stroke(strokes):
    """All of them lead back to what the mask was, and the counts are those of the labels at every step."""
    volume = Volume.of(np.zeros(SMALL, np.int16), oriented("LPS"))
    start = np.random.default_rng(0).integers(0, 3, SMALL).astype(np.uint8)
    drawing = Drawing(1, start, {}, None)
    steps = [start.copy()]

    for plane, number, row, column, label, over in strokes:
        cut = Cut.of(volume, plane, np.zeros(3))
        drawing.stroke(cut, number, label, [(row, 0, column)], over=over)
        steps.append(drawing.labels.copy())
    for before in reversed(steps[:-1]):
        drawing.undo()
        assert np.array_equal(drawing.labels, before)
        assert drawing.voxels() == {
            label: int((before == label).sum()) for label in (1, 2, 3) if (before == label).any()
        }

    assert drawing.undo() is None
