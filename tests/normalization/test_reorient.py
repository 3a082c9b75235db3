"""`reorient`: voxels stay where they are in the patient."""

from itertools import permutations

import nibabel as nib
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import Reorient
from ccds_kernel.normalization.volume import Volume
from support.affines import ANY_ORIENTATION, affines, places, shapes


def reoriented(volume: Volume, to: str) -> Volume:
    """`volume` with axes that run to `to`; int16 stays int16."""
    return apply(Recipe("turn", (Reorient(to=to),), Output.INT16), volume)


def numbered(shape: tuple[int, int, int], affine: np.ndarray) -> Volume:
    """A volume that holds each number once."""
    return Volume.of(np.arange(np.prod(shape)).reshape(shape), affine)


@given(affines(), shapes(), st.sampled_from(ANY_ORIENTATION))
def test_every_voxel_keeps_its_value_and_its_place(affine, shape, to) -> None:
    """Oblique or not: the place of each number is the same before and after, and axes run as asked by nibabel's account."""
    before = numbered(shape, affine)

    after = reoriented(before, to)

    old = places(before.affine, shape).reshape(-1, 3)[np.argsort(before.voxels.ravel())]
    new = places(after.affine, after.voxels.shape).reshape(-1, 3)[np.argsort(after.voxels.ravel())]
    assert np.allclose(new, old, atol=1e-9, rtol=0)
    assert "".join(nib.aff2axcodes(after.affine)) == to
    assert sorted(after.spacing_mm) == pytest.approx(sorted(before.spacing_mm))


@given(affines(), shapes())
def test_ras_is_nibabels_closest_canonical(affine, shape) -> None:
    """Another implementation: same voxels, same affine."""
    before = numbered(shape, affine)
    peer = nib.as_closest_canonical(nib.Nifti1Image(np.asarray(before.voxels), affine))

    after = reoriented(before, "RAS")

    assert np.array_equal(after.voxels, np.asarray(peer.dataobj))
    assert np.allclose(after.affine, peer.affine, atol=1e-9, rtol=0)


@given(affines(largest_angle=3), shapes(), st.sampled_from(ANY_ORIENTATION))
def test_there_and_back_is_the_same_image(affine, shape, to) -> None:
    """However oblique: turned to any orientation and turned back, to the bit where nothing is rounded.

    Where axes lie halfway between two sides, 45° or alike, either side is right, and the way back may take the other one.
    """
    cosines = np.abs(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))
    *_, second, best = sorted(cosines[list(rows), range(3)].sum() for rows in permutations(range(3)))
    assume(best - second > 1e-6)
    before = reoriented(numbered(shape, affine), "RAS")

    after = reoriented(reoriented(before, to), "RAS")

    assert np.array_equal(after.voxels, before.voxels)
    assert np.allclose(after.affine, before.affine, atol=1e-9, rtol=0)


def test_a_sheared_image_is_turned_too() -> None:
    """A tilted gantry: the axes keep their directions."""
    affine = np.array([[1, 0, 0, 5], [0, 1, 0.3, 6], [0, 0, -2, 7], [0, 0, 0, 1]], float)
    before = numbered((2, 3, 4), affine)

    after = reoriented(before, "RAS")

    assert np.array_equal(after.voxels, before.voxels[:, :, ::-1])
    assert after.affine.tolist() == [[1, 0, 0, 5], [0, 1, -0.3, pytest.approx(6.9)], [0, 0, 2, 1], [0, 0, 0, 1]]
