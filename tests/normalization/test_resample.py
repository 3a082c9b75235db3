"""`resample`: values and places on the new grid, by independent arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from support.affines import affines, places, rotation, shapes

spacings = st.tuples(*[st.floats(0.3, 6)] * 3)


def resampled(volume: Volume, spacing, interpolation: str, output: str = "float32") -> Volume:
    """`volume` on a grid of `spacing`."""
    step = make_step("resample", {"spacing_mm": list(spacing), "interpolation": interpolation})
    return apply(Recipe("grid", (step,), Output(output)), volume)


def trilinear(voxels: np.ndarray, at: tuple[float, float, float]) -> float:
    """The value at a place between voxels from its eight corners, in double precision."""
    value = 0.0
    for corner in np.ndindex(2, 2, 2):
        weight, index = 1.0, []
        for position, upper, length in zip(at, corner, voxels.shape, strict=True):
            below = math.floor(position)
            weight *= position - below if upper else 1 - (position - below)
            index.append(min(below + upper, length - 1))
        value += weight * float(voxels[tuple(index)])
    return value


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.35, 1.4, 2.5), (3.3, 0.7, 0.9), (0.7, 0.7, 4), (0.7, 2, 2.5)])
def test_linear_is_the_mean_of_eight_corners(ct, spacing) -> None:
    """Voxel by voxel; where an axis keeps its spacing too."""
    after = resampled(ct, spacing, "linear")

    steps = np.array(spacing) / [0.7, 0.7, 2.5]
    expected = [trilinear(ct.voxels, tuple(np.array(index) * steps)) for index in np.ndindex(after.voxels.shape)]
    assert np.allclose(after.voxels.ravel(), expected, atol=1e-3, rtol=0)


def test_nearest_takes_the_nearest_and_invents_nothing(ct) -> None:
    """A mask stays a mask: int16 in, int16 out; half way the greater index."""
    mask = Volume.of((ct.voxels > 900).astype(np.uint8) * 7, np.diag([1, 1, 1, 1]))

    after = resampled(mask, (0.5, 0.4, 1.3), "nearest", "int16")

    i, j, k = (
        np.floor(np.arange(n) * step + 0.5).astype(int)
        for n, step in zip(after.voxels.shape, (0.5, 0.4, 1.3), strict=True)
    )
    assert np.array_equal(after.voxels, mask.voxels[np.ix_(i, j, k)])
    assert set(np.unique(after.voxels)) == {0, 7}


@given(affines(largest_angle=3), shapes(2, 6), spacings)
def test_a_field_of_places_is_the_same_field_afterwards(affine, shape, spacing) -> None:
    """Voxels that hold their own x, y or z hold the x, y, z of their new places: no shift, however oblique the axes."""
    old = places(affine, shape)

    for axis in range(3):
        after = resampled(Volume.of(old[..., axis], affine), spacing, "linear")
        new = places(after.affine, after.voxels.shape)
        index = np.indices(after.voxels.shape).reshape(3, *after.voxels.shape)
        steps = np.linalg.norm(after.affine[:3, :3], axis=0) / np.linalg.norm(affine[:3, :3], axis=0)
        limit = np.array(shape).reshape(3, 1, 1, 1) - 1 + 1e-6
        inside = np.all(index * steps.reshape(3, 1, 1, 1) <= limit, axis=0)
        assert inside[0, 0, 0]
        assert np.allclose(after.voxels[inside], new[..., axis][inside], atol=1e-3, rtol=0)


@given(affines(largest_angle=3), shapes(), spacings)
def test_the_grid_keeps_first_centre_directions_and_field_of_view(affine, shape, spacing) -> None:
    """The last centre lies in the old field of view; another voxel would not."""
    before = Volume.of(np.zeros(shape), affine)

    after = resampled(before, spacing, "nearest")

    assert np.array_equal(after.affine[:3, 3], before.affine[:3, 3])
    old, new = before.affine[:3, :3], after.affine[:3, :3]
    assert np.allclose(old / before.spacing_mm, new / np.array(after.spacing_mm), atol=1e-12, rtol=0)
    for length, now, count, then in zip(shape, before.spacing_mm, after.voxels.shape, after.spacing_mm, strict=True):
        edge = (length - 0.5) * now
        assert (count - 1) * then <= edge + 1e-5
        assert count * then >= edge - 1e-3 * then - 1e-5


def test_slices_lie_where_the_dicom_header_puts_them() -> None:
    """By hand: position and orientation of an oblique CT, 2.5 mm apart, made 1.25 mm: slice n at IPP + n * 1.25 * normal."""
    turn = rotation(np.array([1.0, 0, 0]), 0.3)
    row, column, normal = turn.T
    position = np.array([-120.0, -80.0, 310.0])
    lps = np.eye(4)
    lps[:3, :3] = np.column_stack([row * 0.8, column * 0.9, normal * 2.5])
    lps[:3, 3] = position
    before = Volume.of(np.zeros((4, 5, 6)), np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps)

    after = resampled(before, (0.8, 0.9, 1.25), "linear")

    assert after.voxels.shape == (4, 5, 11)
    for n in range(11):
        corner = after.affine @ [3, 4, n, 1]
        expected = position + 3 * 0.8 * row + 4 * 0.9 * column + n * 1.25 * normal
        assert corner[:3] * [-1, -1, 1] == pytest.approx(expected)


@given(st.floats(-3000, 3000, width=32), shapes(), affines(), spacings, st.sampled_from(["nearest", "linear", "cubic"]))
def test_a_constant_stays_that_constant(value, shape, affine, spacing, interpolation) -> None:
    """Exactly, up to the edge of the field of view: nothing from outside the image gets in."""
    after = resampled(Volume.of(np.full(shape, value, np.float32), affine), spacing, interpolation)

    assert np.all(after.voxels == np.float32(value))


def test_cubic_follows_a_parabola_and_hits_every_old_voxel() -> None:
    """Keys' kernel is exact for polynomials of degree 2, two voxels away from the ends."""
    x = np.arange(12.0)
    before = Volume.of(np.broadcast_to((x - 5) ** 2, (3, 3, 12)), np.eye(4))

    after = resampled(before, (1, 1, 0.25), "cubic")

    fine = np.arange(after.voxels.shape[2]) * 0.25
    inner = (fine >= 1) & (fine <= 10)
    assert np.allclose(after.voxels[1, 1, inner], (fine[inner] - 5) ** 2, atol=1e-5)
    assert np.array_equal(after.voxels[:, :, ::4], before.voxels)


def test_the_same_spacing_changes_nothing(ct) -> None:
    """Nor does one that a header rounded."""
    after = resampled(ct, (0.7000001, 0.7, 2.4999999), "linear", "int16")

    assert after.digest() == ct.digest()


def test_too_many_voxels_are_refused_before_memory_is_taken() -> None:
    """A spacing ten thousand times too fine, by a slip of the unit."""
    before = Volume.of(np.zeros((50, 50, 50)), np.diag([100, 100, 100, 1]))

    with pytest.raises(CcdsError, match=r"shape of \(495000, .* \(step 1, resample\); take a coarser spacing"):
        resampled(before, (0.01, 0.01, 0.01), "linear")
