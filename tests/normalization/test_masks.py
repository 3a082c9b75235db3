"""Which voxels count, against plain NumPy; and what every step of intensity keeps."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.masks import Mask, Masked
from ccds_kernel.normalization.otsu import otsu_threshold
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import BLOCK, Volume
from ccds_kernel.normalization.working import Working

images = arrays(np.int16, (6, 5, 4), elements=st.integers(-5, 300)).filter(lambda values: np.ptp(values) > 0)


def working(values: np.ndarray, inside: np.ndarray | None = None) -> Working:
    """An image between two steps, with this foreground."""
    volume = Volume.of(values, np.eye(4))
    return Working(volume.voxels, volume.affine, foreground=None if inside is None else np.asfortranarray(inside))


@given(images, arrays(np.bool_, (6, 5, 4)).filter(np.any), st.sampled_from(Mask))
def test_a_mask_chooses_what_its_name_says(values, inside, mask) -> None:
    """In their order in memory; sampled at every second voxel it is the same mask."""
    image = working(values, inside)
    expected = {
        Mask.NONE: np.ones_like(inside),
        Mask.NONZERO: values != 0,
        Mask.OTSU: values > otsu_threshold(image.voxels),
        Mask.FOREGROUND: inside,
    }[mask]

    masked = Masked.of(image, mask)

    assert np.concatenate(list(masked.blocks())).tolist() == values.T[expected.T].tolist()
    every_second = (slice(1, None, 2),) * 3
    assert np.array_equal(masked.sampled(every_second), expected[every_second])


@pytest.mark.parametrize("mask", Mask)
def test_an_image_of_several_blocks_is_chosen_from_whole(mask) -> None:
    """The last block is shorter; some have no voxel in the mask."""
    values = np.zeros((200, 100, 110), np.int16, order="F")
    values[:, :, 80:] = np.arange(200 * 100 * 30).reshape(200, 100, 30) % 997 + 1
    assert values.size > 2 * BLOCK

    chosen = Masked.of(working(values, values > 500), mask).values()

    least = {Mask.NONE: -1, Mask.NONZERO: 0, Mask.OTSU: otsu_threshold(values), Mask.FOREGROUND: 500}[mask]
    assert chosen.size == np.count_nonzero(values > least)
    assert chosen.sum(dtype=np.int64) == values[values > least].sum(dtype=np.int64)


def test_what_a_step_before_drove_to_infinity_is_told() -> None:
    """Not a warning of NumPy, and no mean of infinity."""
    image = working(np.arange(8.0).reshape(2, 2, 2) + 0.5)
    image.floats()[0, 0, 0] = np.inf

    with pytest.raises(CcdsError, match="finite voxels"):
        Masked.of(image, Mask.NONE)


INTENSITY = {
    "window": {"center": 100, "width": 120},
    "clip": {"percentiles": [5, 95]},
    "rescale": {"range": [-1, 1]},
    "z_score": {"mask": "none"},
    "nyul": {"mask": "none", "percentiles": [0, 50, 100], "range": [0, 1], "landmarks": [0, 0.3, 1]},
    "white_stripe": {"mask": "none", "peak": "highest", "width": 0.2},
}


@pytest.mark.parametrize("name", INTENSITY)
@given(values=images)
def test_a_brighter_voxel_is_never_darker_afterwards(name, values) -> None:
    """And equal ones stay equal; only N4 does otherwise, which is what it is for."""
    recipe = Recipe("one", (make_step(name, INTENSITY[name]),))

    try:
        mapped = apply(recipe, Volume.of(values, np.eye(4))).voxels
    except CcdsError:
        assume(False)  # a histogram without a peak, percentiles that coincide

    order = np.argsort(values, axis=None, kind="stable")
    steps = np.diff(mapped.ravel()[order])
    assert np.all(steps >= 0)
    assert not steps[np.diff(values.ravel()[order]) == 0].any()
