"""`resample`: values and places on the new grid, by independent arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
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


@given(affines(), shapes(2, 9), shapes(2, 12))
def test_a_shape_keeps_the_first_and_the_last_centre(affine, shape, new) -> None:
    """And the directions: corners lie on corners, however oblique."""
    before = Volume.of(np.zeros(shape), affine)

    after = run(before, shape=list(new), interpolation="linear")

    assert after.voxels.shape == new
    old_corners, new_corners = (
        places(affine, shape)[:: shape[0] - 1, :: shape[1] - 1, :: shape[2] - 1],
        places(after.affine, new)[:: new[0] - 1, :: new[1] - 1, :: new[2] - 1],
    )
    assert np.allclose(new_corners, old_corners, atol=1e-6, rtol=0)


def run(volume: Volume, **parameters) -> Volume:
    """`volume` after the step with these parameters."""
    return apply(Recipe("grid", (make_step("resample", parameters),)), volume)


def test_one_slice_stands_for_all_but_makes_no_others(ct) -> None:
    """A shape of 1 keeps the first slice; several from one are refused."""
    flat = run(ct, shape=[9, 8, 1], interpolation="linear")

    assert np.array_equal(flat.voxels[..., 0], ct.voxels[..., 0])
    assert flat.spacing_mm == pytest.approx((0.7, 0.7, 17.5))
    with pytest.raises(CcdsError, match=r"at least 2 voxels along each axis, to make 5 of them; found 1 \(step 1"):
        run(flat, shape=[9, 8, 5], interpolation="linear")


@given(
    affines(),
    st.tuples(*[st.floats(-1, 1)] * 3),
    st.tuples(*[st.floats(0.4, 1.8)] * 3),
    st.sampled_from(["none", "gaussian"]),
)
@settings(max_examples=25)
def test_landmarks_stay_where_they_are_in_the_patient(affine, off, factors, antialias) -> None:
    """The middle of a soft ball of voxels, found again by its intensities: within 0.1 of an old voxel along each axis."""
    shape = (24, 24, 24)
    middle = np.array(shape) / 2 + off
    ball = np.exp(-0.5 * np.sum(((np.indices(shape).T - middle) / 2.2) ** 2, axis=-1)).T
    before = Volume.of((1000 * ball).astype(np.float32), affine)
    spacing = np.array(before.spacing_mm) * factors

    after = run(before, spacing_mm=spacing.tolist(), interpolation="linear", antialias=antialias)

    weights = after.voxels[..., np.newaxis].astype(float)
    found = (weights * places(after.affine, after.voxels.shape)).sum(axis=(0, 1, 2)) / weights.sum()
    in_old_voxels = np.linalg.inv(affine) @ [*found, 1]
    assert np.abs(in_old_voxels[:3] - middle).max() < 0.1


@pytest.mark.parametrize("factor", [1.3, 2, 3.7, 8])
def test_smoothing_gives_old_voxels_the_width_of_new_ones(factor) -> None:
    """An edge one old voxel wide: its spread after sampling is that of Cardoso's Gaussian, by the error function."""
    length = 400
    line = np.zeros((1, 1, length))
    line[..., length // 2 :] = 1000
    before = Volume.of(line, np.eye(4))

    after = run(before, spacing_mm=[1, 1, factor], interpolation="linear", antialias="gaussian").voxels[0, 0]

    sigma = math.sqrt(factor**2 - 1) / 2.3548
    places_mm = np.arange(after.size) * factor
    expected = [500 * (1 + math.erf((place - length // 2 + 0.5) / (sigma * math.sqrt(2)))) for place in places_mm]
    assert np.abs(after - expected).max() < 500 * (0.12 / sigma**2)


def test_what_would_alias_is_gone() -> None:
    """Stripes of one voxel, sampled at every 2.1th: without smoothing they come back as wide ones, with it they are grey."""
    stripes = np.zeros((4, 4, 210))
    stripes[..., ::2] = 1000
    before = Volume.of(stripes, np.eye(4))

    aliased, smooth = (
        run(before, spacing_mm=[1, 1, 2.1], interpolation="linear", antialias=kind).voxels[1, 1, 3:-3]
        for kind in ("none", "gaussian")
    )

    assert np.ptp(aliased) > 900
    assert np.ptp(smooth) < 110


@given(st.floats(-3000, 3000, width=32), shapes(), affines(), spacings, st.sampled_from(["linear", "cubic"]))
def test_a_constant_stays_that_constant_when_smoothed(value, shape, affine, spacing, interpolation) -> None:
    """Exactly, at the edges too."""
    before = Volume.of(np.full(shape, value, np.float32), affine)

    after = run(before, spacing_mm=list(spacing), interpolation=interpolation, antialias="gaussian")

    assert np.all(after.voxels == np.float32(value))


def test_a_recipe_without_antialias_keeps_its_hash() -> None:
    """The one of before the parameter was there."""
    old = make_step("resample", {"spacing_mm": [1, 1, 1], "interpolation": "linear"})
    told = make_step("resample", {"spacing_mm": [1, 1, 1], "interpolation": "linear", "antialias": "none"})

    digest = Recipe("x", (told,)).digest()

    assert digest == Recipe("x", (old,)).digest()
    assert digest == "fcb44464644457b18975b6939a2b9e4d6b99d1a6c9d29614fbfe2a401d8bc04a"


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"interpolation": "linear"}, r"give spacing_mm \(three lengths, mm\) or shape"),
        ({"spacing_mm": [1, 1, 1], "shape": [1, 1, 1], "interpolation": "linear"}, "one of the two"),
        ({"spacing_mm": [1, 1, 0], "interpolation": "linear"}, "number 3 of spacing_mm of resample"),
        ({"spacing_mm": [1, 1, "1 mm"], "interpolation": "linear"}, "number 3 of spacing_mm of resample"),
        ({"spacing_mm": [1, 1, 1], "interpolation": "nearest", "antialias": "gaussian"}, "not with nearest"),
        ({"spacing": [1, 1, 1], "interpolation": "linear"}, "write spacing_mm"),
        ({"shape": [1, 1, 40000], "interpolation": "linear"}, "number 3 of shape of resample"),
    ],
)
def test_wrong_parameters_are_one_clear_line(parameters, found) -> None:
    """What is expected, and what to do."""
    with pytest.raises(CcdsError, match=found) as raised:
        make_step("resample", parameters)

    assert "\n" not in str(raised.value)
