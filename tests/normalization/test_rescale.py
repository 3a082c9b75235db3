"""`rescale` against plain NumPy in double precision."""

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

ranges = st.lists(st.integers(-1000, 1000), min_size=2, max_size=2, unique=True).map(sorted)


def applied(step, values: np.ndarray) -> np.ndarray:
    """The voxels of `values` after `step`."""
    return apply(Recipe("one", (step,)), Volume.of(values, np.eye(4))).voxels


def test_a_given_range_is_the_same_line_in_every_image(run) -> None:
    """What is beyond it is mapped too, not cut."""
    volume = Volume.of(np.array([-1000, 0, 1000, 3000]).reshape(4, 1, 1), np.eye(4))

    mapped = run(volume, "rescale", **{"range": [0, 1], "from": [-1000, 1000]}).voxels

    assert mapped.dtype == np.float32
    assert mapped.ravel().tolist() == [0, 0.5, 1, 2]


@given(arrays(np.float32, (4, 3, 2), elements=st.floats(-1e6, 1e6, width=32)), ranges)
def test_the_darkest_and_the_brightest_voxel_become_the_ends(values, ends) -> None:
    """Exactly, and nothing lies beyond; order is kept."""
    values[0, 0, 0], values[3, 2, 1] = -2e6, 3e6
    step = make_step("rescale", {"range": ends})

    mapped = applied(step, values)

    assert (mapped.min(), mapped.max()) == tuple(ends)
    line = ends[0] + (values.astype(float) + 2e6) / 5e6 * (ends[1] - ends[0])
    assert np.allclose(mapped, line, atol=1e-3, rtol=0)
    order = np.argsort(values, axis=None)
    assert np.all(np.diff(mapped.ravel()[order]) >= 0)


@pytest.mark.parametrize(
    ("values", "found"),
    [([7.0, 7.0], "the same value in all of them"), ([-3e38, 3e38], r"voxels from -3e\+38 to 3e\+38")],
)
def test_what_has_no_range_is_refused(run, values, found) -> None:
    """A constant image, and one whose range no float32 holds."""
    volume = Volume.of(np.array(values, np.float32).reshape(2, 1, 1), np.eye(4))

    with pytest.raises(CcdsError, match=rf"{found} \(step 1, rescale\); leave the image out, or give 'from'"):
        run(volume, "rescale", range=[0, 1])
