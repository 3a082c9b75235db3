"""`nyul`: an image's percentiles become the recipe's landmarks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume

PERCENTILES = [0, 25, 50, 75, 100]
UNFITTED = {"mask": "none", "percentiles": PERCENTILES, "range": [0, 100]}

landmarks = st.lists(st.integers(-1000, 1000), min_size=5, max_size=5, unique=True).map(sorted)
images = arrays(np.int16, (5, 5, 5), elements=st.integers(0, 2000)).filter(lambda values: np.ptp(values) > 0)


def normalized(values: np.ndarray, **parameters) -> np.ndarray:
    """The voxels of `values` after the step alone."""
    step = make_step("nyul", UNFITTED | parameters)
    return apply(Recipe("one", (step,)), Volume.of(values, np.eye(4))).voxels


@given(st.permutations(range(125)), landmarks)
def test_landmarks_are_met_exactly(order, wanted) -> None:
    """125 different voxels: four percentiles between the ends are voxels too."""
    values = np.array(order, np.int16).reshape(5, 5, 5) * 7 - 300

    mapped = normalized(values, landmarks=wanted)

    ranks = np.sort(mapped, axis=None)[[0, 31, 62, 93, 124]]
    assert ranks.tolist() == wanted


@given(images, landmarks)
def test_order_is_kept(values, wanted) -> None:
    """Whatever the image, also where its percentiles coincide; equal voxels stay equal."""
    mapped = normalized(values, landmarks=wanted)

    flat, to = values.ravel(), mapped.ravel().astype(float)
    order = np.argsort(flat, kind="stable")
    assert np.all(np.diff(to[order]) >= -1e-4)
    assert np.all(to[order][1:][np.diff(flat[order]) == 0] == to[order][:-1][np.diff(flat[order]) == 0])


def test_beyond_the_ends_their_lines_go_on() -> None:
    """Nothing is cut: what is brighter than the last percentile stays brighter than its landmark."""
    values = np.arange(101, dtype=np.int16).reshape(101, 1, 1)

    mapped = normalized(values, percentiles=[10, 50, 90], landmarks=[0, 80, 100]).ravel()

    assert mapped[[0, 10, 50, 70, 90, 100]].tolist() == [-20, 0, 80, 90, 100, 105]


def test_percentiles_are_those_of_the_mask() -> None:
    """A background of zeros is mapped by the line that the body gave."""
    values = np.zeros((8, 8, 8), np.int16)
    values[2:6, 2:6, 2:6] = np.arange(100, 164).reshape(4, 4, 4)

    mapped = normalized(values, mask="nonzero", percentiles=[0, 100], landmarks=[10, 73])

    assert mapped[2:6, 2:6, 2:6].ravel().tolist() == list(range(10, 74))
    assert mapped[0, 0, 0] == -90


@pytest.mark.parametrize(
    ("value", "more", "found"),
    [
        (5, {}, r"landmarks in the recipe; found none \(step 1, nyul\); fit it first: ccds normalization fit"),
        (5, {"landmarks": [1, 2, 3, 4, 5]}, r"the same value in all of them \(step 1, nyul\)"),
        (0, {"landmarks": [1, 2, 3, 4, 5], "mask": "nonzero"}, r"voxels in the mask 'nonzero'; found none"),
    ],
)
def test_what_can_t_be_mapped_is_one_clear_line(value, more, found) -> None:
    """An unfitted recipe, a constant image, an empty mask."""
    with pytest.raises(CcdsError, match=found):
        normalized(np.full((6, 6, 6), value, np.int16), **more)


def test_an_image_of_which_nearly_all_is_one_value_is_refused() -> None:
    """First and last percentile coincide: there is no line."""
    values = np.zeros((10, 10, 10), np.int16)
    values[0, 0, 0] = 9

    with pytest.raises(CcdsError, match="the same value in all of them"):
        normalized(values, percentiles=[1, 99], landmarks=[0, 100])
