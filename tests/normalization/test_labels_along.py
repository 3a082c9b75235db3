"""Labels that go along with their image, and back: the grid is the image's, the numbers stay whole."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply_with
from ccds_kernel.normalization.geometry import Geometry
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from support.affines import ANY_ORIENTATION, affines, places, shapes

reorients = st.sampled_from(ANY_ORIENTATION).map(lambda to: ("reorient", {"to": to}))
resamples = st.tuples(*[st.floats(0.3, 6)] * 3).map(
    lambda mm: ("resample", {"spacing_mm": list(mm), "interpolation": "linear", "antialias": "gaussian"})
)
reshapes = st.lists(st.integers(2, 9), min_size=3, max_size=3).map(
    lambda shape: ("resample", {"shape": shape, "interpolation": "cubic"})
)
crops = st.lists(st.integers(3, 12), min_size=3, max_size=3).map(
    lambda shape: ("crop_pad", {"shape": shape, "to": "center"})
)
pads = st.lists(st.integers(9, 14), min_size=3, max_size=3).map(
    lambda shape: ("crop_pad", {"shape": shape, "to": "center"})
)
windows = st.just(("window", {"center": 40, "width": 80}))


def several(*kinds: st.SearchStrategy) -> st.SearchStrategy[list[tuple[str, dict]]]:
    """Up to three steps of these kinds; before them, perhaps, another shape (of a single slice no further ones can be made)."""
    return st.builds(
        lambda first, rest: first + rest, st.lists(reshapes, max_size=1), st.lists(st.one_of(kinds), max_size=3)
    )


def recipe(*steps: tuple[str, dict]) -> Recipe:
    """A recipe of these steps."""
    return Recipe("along", tuple(make_step(name, parameters) for name, parameters in steps))


def image_and_labels(shape, affine, seed: int) -> tuple[Volume, Volume]:
    """An image of noise, and labels 0 to 3 on its grid."""
    chance = np.random.default_rng(seed)
    image = Volume.of(chance.integers(-1000, 1000, shape).astype(np.int16), affine)
    return image, Volume.of(chance.integers(0, 4, shape).astype(np.int16), affine)


@given(affines(), shapes(2), st.integers(0, 99), several(reorients, resamples, crops, windows))
def test_labels_lie_on_the_grid_of_their_image_and_stay_whole(affine, shape, seed, steps) -> None:
    """Whatever the steps: the same shape and affine, no number that wasn't there (0 where padded)."""
    image, labels = image_and_labels(shape, affine, seed)

    made = apply_with(recipe(*steps), image, [labels, labels])

    for one in made.labels:
        assert one.voxels.shape == made.volume.voxels.shape
        assert np.array_equal(one.affine, made.volume.affine)
        assert one.voxels.dtype == np.int16
        assert set(np.unique(one.voxels)) <= {0, *np.unique(labels.voxels)}


@given(affines(), shapes(2), st.integers(0, 99), st.lists(resamples | reorients | crops, max_size=3))
def test_a_mask_stays_a_mask(affine, shape, seed, steps) -> None:
    """0 and 1, each new voxel from one whose centre is the nearest, or nothing beyond the image."""
    image, labels = image_and_labels(shape, affine, seed)
    mask = Volume.of((labels.voxels > 1).astype(np.uint8), affine)

    made = apply_with(recipe(*steps), image, [mask])

    assert set(np.unique(made.labels[0].voxels)) <= {0, 1}


@given(affines(), shapes(1), st.integers(0, 99), st.lists(reorients | pads, max_size=4))
def test_turned_and_padded_labels_come_back_as_they_were(affine, shape, seed, steps) -> None:
    """To the bit, on the affine that the image came with."""
    image, labels = image_and_labels(shape, affine, seed)
    made = apply_with(recipe(*steps), image, [labels])

    back = made.geometry.undo(made.labels[0])

    assert back.digest() == labels.digest()


@given(affines(), shapes(2), several(reorients, resamples, windows))
def test_labels_come_back_within_a_voxel(affine, shape, steps) -> None:
    """Voxels labelled by their place: there and back, no label moves farther than a diagonal for each grid."""
    axes = []
    for axis in range(3):
        image = Volume.of(np.zeros(shape, np.int16), affine)
        number = np.broadcast_to(np.arange(shape[axis]).reshape([-1 if a == axis else 1 for a in range(3)]), shape)
        made = apply_with(recipe(*steps), image, [Volume.of(number.astype(np.int16) + 1, affine)])

        axes.append(made.geometry.undo(made.labels[0]).voxels.astype(int) - 1)

    assert min(axis.min() for axis in axes) >= 0
    found = np.stack(axes, axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    moved = np.linalg.norm(found - places(affine, shape), axis=-1)
    grids, now = [affine], affine
    for move in made.geometry.moves:
        now = move.affine(now)
        grids.append(now)
    diagonals = [np.linalg.norm(np.linalg.norm(grid[:3, :3], axis=0)) for grid in grids]
    assert moved.max() <= sum(diagonals) + 1e-3


@given(affines(), shapes(2), several(reorients, resamples, crops))
def test_the_way_back_survives_its_file(affine, shape, steps) -> None:
    """JSON there and back: the same grids, the same labels."""
    image, labels = image_and_labels(shape, affine, 0)
    made = apply_with(recipe(*steps), image, [labels])

    again = Geometry.from_json(made.geometry.as_json())

    assert again.as_json() == made.geometry.as_json()
    assert again.undo(made.labels[0]).digest() == made.geometry.undo(made.labels[0]).digest()
    assert np.array_equal(again.new_affine, made.volume.affine)


def test_what_was_cut_off_comes_back_as_nothing(ct) -> None:
    """Labels drawn on the middle: outside it nothing is known."""
    made = apply_with(recipe(("crop_pad", {"shape": [3, 4, 5], "to": "center"})), ct)

    back = made.geometry.undo(Volume.of(np.ones((3, 4, 5), np.int16), made.volume.affine))

    expected = np.zeros((9, 8, 7))
    expected[3:6, 2:6, 1:6] = 1
    assert np.array_equal(back.voxels, expected)


def test_the_end_that_a_coarse_grid_leaves_takes_the_last_voxel() -> None:
    """10 slices of 1 mm, made 4 mm: the last centre is at 8 mm, and the tenth slice (9 mm) isn't lost."""
    image = Volume.of(np.zeros((2, 2, 10)), np.eye(4))
    made = apply_with(recipe(("resample", {"spacing_mm": [1, 1, 4], "interpolation": "linear"})), image)

    back = made.geometry.undo(Volume.of(np.full(made.volume.voxels.shape, 5), made.volume.affine))

    assert np.all(back.voxels == 5)


def _moved(volume: Volume) -> Volume:
    affine = volume.affine.copy()
    affine[0, 3] += 0.5
    return Volume(volume.voxels, affine)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_moved, "labels on the grid of the image; found a corner that is 0.5 mm off"),
        (lambda one: Volume(one.voxels[1:], one.affine), "the image, 9 x 8 x 7 voxels; found 8 x 8 x 7"),
        (lambda one: Volume.of(one.voxels * 0.25, one.affine), "labels that are whole numbers from -32768 to 32767"),
    ],
    ids=["elsewhere", "another shape", "fractions"],
)
def test_labels_that_do_not_fit_are_refused(ct, change, found) -> None:
    """Never resampled silently, never rounded."""
    with pytest.raises(CcdsError, match=found):
        apply_with(recipe(("window", {"center": 0, "width": 1})), ct, [change(ct)])


def test_labels_of_another_grid_find_no_way_back(ct) -> None:
    """Those on the image as it came, say."""
    made = apply_with(recipe(("resample", {"spacing_mm": [1, 1, 1], "interpolation": "linear"})), ct)

    with pytest.raises(CcdsError, match=r"the normalized image, 6 x 6 x 17 voxels; found 9 x 8 x 7"):
        made.geometry.undo(ct)


def test_steps_that_find_nothing_to_do_are_told(ct) -> None:
    """The places of those that left the image alone."""
    steps = [
        ("resample", {"spacing_mm": [0.7, 0.7, 2.5], "interpolation": "linear"}),
        ("reorient", {"to": "RAS"}),
        ("reorient", {"to": "RAS"}),
        ("crop_pad", {"shape": [9, 8, 7], "to": "center"}),
        ("window", {"center": 0, "width": 1}),
    ]

    made = apply_with(recipe(*steps), ct)

    assert made.skipped == (1, 3, 4)
    assert len(made.geometry.moves) == 1


@given(affines(), st.lists(reorients, max_size=2))
def test_oblique_axes_stay_oblique(affine, steps) -> None:
    """Turned by whole axes only, so that labels of an oblique image come back to the bit."""
    assume(steps)
    image, labels = image_and_labels((3, 4, 5), affine, 1)

    made = apply_with(recipe(*steps), image, [labels])

    assert sorted(made.volume.spacing_mm) == pytest.approx(sorted(image.spacing_mm))
    assert made.geometry.undo(made.labels[0]).digest() == labels.digest()
