"""What previews keep of pictures, and how much: computed once, bounded for all of them together."""

import gc
import weakref
from threading import Event, current_thread

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.app import open_preview
from ccds_widgets.normalization.results import Recent
from support.preview import make_project
from support.preview_model import edit, settled, slices, started

VOXELS = 1000
EACH = 2 * VOXELS
"""Bytes of one volume of these tests."""


class Counting(Recent):
    """Tells which pictures were made, by whom, and how many of these are still there; makes none until it may go on."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self.made: list[tuple[str, ...]] = []
        self.makers: list[str] = []
        self.go_on = Event()
        self.go_on.set()
        self._alive: list[weakref.ref] = []

    def get(self, key, make):
        """As of `Recent`."""

        def noted():
            self.made.append(key)
            self.makers.append(current_thread().name)
            self.go_on.wait(20)
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


def asked(preview, state) -> dict:
    """What is answered when a slice before and after is asked for."""
    return slices(preview, state, before=[6], after=[6])


def middle(preview, state) -> list[bytes]:
    """The same slices, waited for where they are made anew."""
    answer = asked(preview, state)
    if answer.get("again"):
        settled(preview, {"working": True})
        answer = asked(preview, state)
    return answer["buffers"]


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


def test_pictures_whose_room_others_took_are_made_anew_beside_the_page(project):
    """No answer waits for that: N4 would block the page for minutes. Meanwhile the page is told what is done."""
    pictures = Counting(0)
    preview, other = (open_preview(project, pictures=pictures) for _ in range(2))
    state = started(preview)
    revision = state["results"][0]["revision"]
    place = {"plane": "axial", "side": "after", "number": 6, "x": 10, "y": 10}
    windowed(started(other) and other, 1)
    made = len(pictures.made)

    answers = [asked(preview, state), preview.answer({"kind": "probe", "revision": revision, **place})]
    later = settled(preview, {"working": True})

    assert {"again": True} in answers
    assert len(pictures.made) > made
    assert set(pictures.makers) == {"normalization preview"}
    assert later["results"][0]["revision"] == revision
    assert len(asked(preview, state)["buffers"]) == 2


def test_pictures_that_are_not_to_be_made_anew_are_not_shown(project):
    """Stopped meanwhile: else the page would ask for them, and begin it, again and again. Computed, they are there again."""
    pictures = Counting(0)
    preview, other = (open_preview(project, pictures=pictures) for _ in range(2))
    state = started(preview)
    windowed(started(other) and other, 1)
    pictures.go_on.clear()
    working = [asked(preview, state), preview.answer({"kind": "poll"})["working"]]

    stopped = preview.answer({"kind": "stop"})
    pictures.go_on.set()

    assert working == [{"again": True}, {"task": 1, "tasks": 1, "doing": "reading"}]
    assert (stopped["results"], stopped["stopped"]) == ([None], True)
    assert windowed(preview, 3)["results"][0]["older"] is False


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
