"""What the spread is made of, read from files: quantiles of part of the voxels, tries on coarse copies, what is kept."""

import gzip

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread import PERCENT
from ccds_kernel.normalization.spread_cache import SpreadCache
from ccds_kernel.normalization.spread_measure import ABOUT, grid_in, planned_in, quantiles_in, tried_in
from support.preview import AFFINE, SHAPE, head, write_image

WINDOW = Recipe.from_yaml(
    "name: w\nsteps:\n- resample: {spacing_mm: [1, 1, 1], interpolation: linear}\n- window: {center: 0, width: 100}\n"
)


def test_quantiles_of_a_small_volume_are_exact(tmp_path):
    """All of its voxels are taken; the header's scaling counts."""
    voxels = head()
    write_image(tmp_path / "a.nii.gz", voxels, scaling=(2.0, 100.0))

    assert quantiles_in(tmp_path / "a.nii.gz") == pytest.approx(
        2 * np.percentile(voxels, PERCENT, method="lower") + 100
    )


def test_quantiles_of_a_large_volume_are_near(tmp_path):
    """Every column and slice is in the sample: one that varies along one axis alone isn't missed."""
    shape = (128, 128, 160)
    assert np.prod(shape) > 2 * ABOUT
    for axis in range(3):
        ramp = np.broadcast_to(np.expand_dims(np.arange(shape[axis]), [a for a in range(3) if a != axis]), shape)
        write_image(tmp_path / "a.nii.gz", ramp.astype(np.int16))

        assert quantiles_in(tmp_path / "a.nii.gz") == pytest.approx(np.percentile(ramp, PERCENT), abs=1)


def test_a_grid_is_read_from_the_header(tmp_path):
    """Also where the voxels are missing."""
    path = tmp_path / "a.nii.gz"
    write_image(path, head())
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:400]))

    assert grid_in(path).shape == SHAPE
    assert planned_in(WINDOW, path).spacing_mm == pytest.approx((1, 1, 1))
    with pytest.raises(CcdsError, match="ends before"):
        quantiles_in(path)


def test_a_recipe_is_tried_without_its_grid(tmp_path):
    """Intensities come out as they will; nothing is resampled for it."""
    write_image(tmp_path / "a.nii.gz", head())

    low, _, _, _, high = tried_in(WINDOW, tmp_path / "a.nii.gz")

    assert (low, high) == (0, 1)


@pytest.mark.parametrize("voxels", [np.full(SHAPE, np.nan, np.float32), np.zeros((*SHAPE, 2), np.int16)])
def test_what_is_no_volume_is_refused(tmp_path, voxels):
    """Voxels that are no numbers; four dimensions."""
    write_image(tmp_path / "a.nii.gz", voxels, AFFINE)

    with pytest.raises(CcdsError):
        quantiles_in(tmp_path / "a.nii.gz")


def test_what_was_measured_is_kept_by_version(tmp_path):
    """For another process too; a line that is broken, or of another kind, is passed over."""
    file = tmp_path / "folder" / "spread.jsonl"
    one = (0.0, 1.0, 2.0, 3.0, 4.5)
    SpreadCache(file).put("a", "v1", one)
    with file.open("a") as out:
        out.write('no line\n{"format": 9}\n[1]\n{"format": 1, "of": "b", "version": "v", "quantiles": [1]}\n')

    again = SpreadCache(file)

    assert again.get("a", "v1") == one
    assert again.get("a", "v2") is again.get("b", "v") is None


def test_a_cache_that_can_t_be_written_keeps_for_now(tmp_path):
    """Looking at a cohort needs no room on the disk."""
    (tmp_path / "file").write_text("")
    cache = SpreadCache(tmp_path / "file" / "spread.jsonl")

    cache.put("a", "v1", (0.0, 1.0, 2.0, 3.0, 4.5))

    assert cache.get("a", "v1") is not None
