"""What previews keep of pictures, and how much: computed once, bounded for all of them together."""

import gc
import weakref

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.app import open_preview
from ccds_widgets.normalization.results import Recent
from support.preview import make_project
from support.preview_model import edit, slices, started

VOXELS = 1000
EACH = 2 * VOXELS
"""Bytes of one volume of these tests."""


class Counting(Recent):
    """Tells which pictures were made, and how many of these are still there."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self.made: list[tuple[str, ...]] = []
        self._alive: list[weakref.ref] = []

    def get(self, key, make):
        """As of `Recent`."""

        def noted():
            self.made.append(key)
            return make()

        picture = super().get(key, noted)
        self._alive.append(weakref.ref(picture))
        return picture

    def alive(self) -> int:
        """How many pictures anybody still holds."""
        gc.collect()
        return len({id(picture) for one in self._alive if (picture := one()) is not None})


def volume() -> Volume:
    """`EACH` bytes."""
    return Volume.of(np.zeros((10, 10, 10), np.int16), np.eye(4))


def fill(recent, *names: str) -> None:
    """Asks for pictures of these names."""
    for name in names:
        recent.get((name,), volume)


@pytest.fixture
def project(tmp_path):
    """HEAD-1 with two studies, opened by the scientist sam."""
    project = make_project(tmp_path)
    yield project
    project.store.close()


def test_the_pictures_asked_for_longest_ago_go_first():
    """Each is made once as long as there is room."""
    recent = Counting(3 * EACH)

    fill(recent, "a", "b", "c", "a", "d", "a", "c", "b")

    assert recent.made == [("a",), ("b",), ("c",), ("d",), ("b",)]
    assert recent.alive() == 3


def test_the_last_two_stay_whatever_their_size():
    """A volume before and after are both on the screen."""
    recent = Counting(0)

    fill(recent, "a", "b", "a", "b", "c", "b")

    assert recent.made == [("a",), ("b",), ("c",)]


def test_a_picture_that_can_t_be_made_is_not_kept():
    """It is tried again."""
    recent = Recent(0)

    def fails():
        raise CcdsError(expected="a", found="b", do="c")

    with pytest.raises(CcdsError):
        recent.get(("a",), fails)

    assert recent.get(("a",), volume).volume.voxels.nbytes == EACH


def windowed(preview, center: float) -> dict:
    """Makes a window about `center` the recipe; the answer."""
    step = {"name": "window", "on": True, "parameters": {"center": center, "width": 80}}
    return edit(preview, step)


def middle(preview, state) -> list[bytes]:
    """A slice before and after."""
    return slices(preview, state, before=[6], after=[6])["buffers"]


def test_cells_that_run_again_hold_no_more_than_one(project):
    """A kernel holds every preview that it ever made: they share their room, and an earlier one still shows the same."""
    pictures = Counting(0)
    previews = [open_preview(project, pictures=pictures) for _ in range(4)]
    states = []
    for center, preview in enumerate(previews):
        started(preview)
        states.append(windowed(preview, center))
    first = middle(previews[3], states[3])
    made = len(pictures.made)

    kept = pictures.alive()
    middle(previews[0], states[0])
    again = middle(previews[3], states[3])

    assert kept == 2
    assert len(pictures.made) > made
    assert again == first


def test_going_back_to_an_earlier_recipe_computes_nothing(project):
    """Nor does a reload: the volume is read once, each recipe applied once."""
    pictures = Counting(1 << 30)
    preview = open_preview(project, pictures=pictures)
    started(preview)
    states = [windowed(preview, center) for center in (1, 2, 1, 2)]
    started(preview)

    assert len({state["results"][0]["revision"] for state in states}) == 4
    assert states[0]["results"][0]["sides"]["after"] == states[2]["results"][0]["sides"]["after"]
    assert len(pictures.made) == len(set(pictures.made)) == 4  # as scanned, the first recipe, and two windows
