"""What is drawn of intensities: grey values and histograms."""

import numpy as np
import pytest

from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.tones import BINS, grey, histogram


def voxels(values: np.ndarray) -> np.ndarray:
    """As a volume has them."""
    return Volume.of(values.reshape(-1, 1, 1), np.eye(4)).voxels


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_every_voxel_is_in_one_bar(dtype):
    """Those beyond the robust range are in the first or last bar, so that nothing is hidden."""
    values = np.random.default_rng(0).normal(40, 10, 20_000).astype(dtype)
    values[:3] = -30_000, 30_000, 30_000

    found = histogram(voxels(values))

    assert len(found.counts) == BINS
    assert sum(found.counts) == values.size
    assert -10 < found.low < 20
    assert 60 < found.high < 90


def test_the_bars_are_where_the_values_are():
    """Against NumPy's own histogram of the same range."""
    values = np.random.default_rng(1).uniform(-1, 3, 20_000).astype(np.float32)

    found = histogram(voxels(values))

    counts, _ = np.histogram(np.clip(values, found.low, found.high), BINS, (found.low, found.high))
    assert np.abs(counts - found.counts).max() <= 3  # a value on the edge of two bars may be rounded into either


def test_a_constant_volume_has_one_bar():
    """There is no range to speak of; all voxels stand in one place."""
    found = histogram(voxels(np.full(100, 7, np.int16)))

    assert sorted(found.counts) == [0] * (BINS - 1) + [100]
    assert (found.low, found.high) == (6.5, 7.5)


def test_grey_values_run_from_black_to_white():
    """Linear between, cut off beyond; rows one after the other."""
    shown = grey(np.array([[-10, 0, 20], [40, 80, 90]], np.int16), 0, 80)

    assert list(shown) == [0, 0, 64, 128, 255, 255]


def test_a_range_without_extent_is_black_and_white():
    """A constant picture is black, whatever the number."""
    assert list(grey(np.array([[4.0, 5.0]], np.float32), 4.0, 4.0)) == [0, 255]
