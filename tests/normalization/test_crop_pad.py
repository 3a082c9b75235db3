"""`crop_pad`: voxels come and go at the sides, and those that stay lie where they lay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply, apply_with
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from support.affines import affines, places, shapes


def cropped(volume: Volume, *, before: dict | None = None, **parameters) -> Volume:
    """`volume` after the step, and a step `foreground` before it where that is given; int16 stays int16."""
    steps = [make_step("foreground", before)] if before else []
    return apply(Recipe("crop", (*steps, make_step("crop_pad", parameters)), Output.INT16), volume)


@given(affines(), shapes(), shapes(longest=12), st.integers(-2000, 2000))
def test_what_stays_keeps_value_and_place_and_the_rest_is_filled(affine, shape, new, fill) -> None:
    """Each voxel whose centre is an old one's has its value; all others the fill."""
    before = Volume.of(np.arange(np.prod(shape)).reshape(shape) + 5000, affine)

    after = cropped(before, shape=list(new), to="center", fill=fill)

    kept = after.voxels != fill
    came_from = np.array(np.unravel_index(after.voxels[kept].astype(int) - 5000, shape)).T
    assert after.voxels.shape == new
    assert kept.sum() == np.prod(np.minimum(shape, new))
    assert np.allclose(places(after.affine, new)[kept], places(affine, shape)[tuple(came_from.T)], atol=1e-6, rtol=0)


@given(affines(), shapes(), shapes(longest=12))
def test_the_voxels_that_stay_are_the_middle_ones(affine, shape, new) -> None:
    """As many at both sides, one more at the end where it's odd: by hand, along each axis."""
    before = Volume.of(np.ones(shape), affine)

    after = cropped(before, shape=list(new), to="center", fill=0)

    start = [
        (length - count) // 2 if length > count else -((count - length) // 2)
        for length, count in zip(shape, new, strict=True)
    ]
    assert np.allclose(after.affine[:3, 3], affine[:3, :3] @ start + affine[:3, 3], atol=1e-9)
    assert np.array_equal(after.affine[:3, :3], before.affine[:3, :3])
    there = [slice(max(0, -s), max(0, -s) + min(a, b)) for s, a, b in zip(start, shape, new, strict=True)]
    expected = np.zeros(new)
    expected[tuple(there)] = 1
    assert np.array_equal(after.voxels, expected)


def body() -> Volume:
    """A block of 100 (10 x 6 x 4 voxels) in 0, of 20 x 20 x 10 voxels of 1 x 2 x 4 mm, and one bright voxel apart from it."""
    voxels = np.zeros((20, 20, 10), np.int16)
    voxels[3:13, 5:11, 4:8] = 100
    voxels[18, 18, 1] = 500
    return Volume.of(voxels, np.diag([1, 2, 4, 1]))


LARGEST = {"method": "above", "above": 50, "keep": "largest"}
ALL = {"method": "above", "above": 50, "keep": "all"}


@pytest.mark.parametrize(
    ("before", "margin", "start", "shape"),
    [
        (LARGEST, 0, (3, 5, 4), (10, 6, 4)),
        (LARGEST, 2.5, (0, 3, 3), (16, 10, 6)),
        (ALL, 0, (3, 5, 1), (16, 14, 7)),
        ({"method": "otsu", "keep": "largest"}, 4, (-1, 3, 3), (18, 10, 6)),
    ],
)
def test_a_margin_around_the_foreground(before, margin, start, shape) -> None:
    """At least so many mm, in whole voxels, beyond the image too."""
    image = body()

    after = cropped(image, before=before, margin_mm=margin, to="foreground")

    assert after.voxels.shape == shape
    assert after.affine[:3, 3].tolist() == [start[0], start[1] * 2, start[2] * 4]
    assert np.count_nonzero(after.voxels == 100) == 10 * 6 * 4


def test_a_shape_around_the_foreground() -> None:
    """Its box's middle becomes the image's."""
    after = cropped(body(), before=LARGEST, shape=[12, 12, 2], to="foreground")

    assert after.voxels.shape == (12, 12, 2)
    assert np.all(after.voxels[1:11, 3:9] == 100)
    assert np.count_nonzero(after.voxels) == 10 * 6 * 2


def test_left_out_the_fill_is_the_lowest_value(ct) -> None:
    """Air in CT, background in MR."""
    after = cropped(ct, shape=[11, 8, 7], to="center")

    assert np.all(after.voxels[[0, -1]] == ct.voxels.min())


def test_a_fill_that_int16_cannot_hold_makes_floats(ct) -> None:
    """Nothing is rounded."""
    step = make_step("crop_pad", {"shape": [11, 8, 7], "to": "center", "fill": 0.5})

    after = apply(Recipe("half", (step,)), ct)

    assert np.all(after.voxels[[0, -1]] == 0.5)
    assert np.array_equal(after.voxels[1:-1], ct.voxels)


def test_the_foreground_follows_turns_and_spacing() -> None:
    """Marked before, used after: the box is the block's on the new grid."""
    steps = (
        ("foreground", LARGEST),
        ("reorient", {"to": "PSL"}),
        ("resample", {"spacing_mm": [2, 4, 0.5], "interpolation": "linear"}),
        ("crop_pad", {"margin_mm": 0, "to": "foreground"}),
    )

    after = apply(Recipe("along", tuple(make_step(*step) for step in steps)), body())

    assert after.voxels.shape == (6, 4, 20)
    assert after.voxels.min() > 0


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (None, r"a foreground; found no step that marks it \(step 1, crop_pad\)"),
        ({"method": "above", "above": 900, "keep": "all"}, r"voxels above 900, .*; found none \(step 1, foreground\)"),
    ],
)
def test_without_a_foreground_it_is_refused(before, found) -> None:
    """With the step's name."""
    with pytest.raises(CcdsError, match=found):
        cropped(body(), before=before, margin_mm=1, to="foreground")


def test_a_foreground_that_was_cut_off_is_refused() -> None:
    """Of the block, nothing is left in the image's first slices."""
    steps = [("foreground", LARGEST), ("crop_pad", {"shape": [1, 1, 1], "to": "center"})]
    image = Volume.of(np.array(body().voxels)[::-1, ::-1, ::-1], np.eye(4))
    image = Volume.of(np.pad(image.voxels, ((0, 60), (0, 0), (0, 0))), np.eye(4))

    with pytest.raises(CcdsError, match=r"voxels in the foreground; found none \(step 3, crop_pad\)"):
        apply_with(
            Recipe(
                "gone",
                tuple(make_step(*step) for step in [*steps, ("crop_pad", {"margin_mm": 1, "to": "foreground"})]),
            ),
            image,
        )


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"to": "center"}, "give shape .* or margin_mm, one of the two"),
        ({"shape": [1, 1, 1], "margin_mm": 1, "to": "foreground"}, "one of the two"),
        ({"margin_mm": 1, "to": "center"}, "margin_mm goes with to: foreground"),
        ({"shape": [1, 1], "to": "center"}, "shape"),
        ({"shape": [0, 1, 1], "to": "center"}, "shape"),
        ({"shape": [1.5, 1, 1], "to": "center"}, "shape"),
        ({"shape": [1, 1, 1], "to": "centre"}, "to of crop_pad"),
        ({"margin_mm": "3 mm", "to": "foreground"}, "margin_mm"),
    ],
)
def test_wrong_parameters_are_one_clear_line(parameters, found) -> None:
    """What is expected, and what came."""
    with pytest.raises(CcdsError, match=found) as raised:
        make_step("crop_pad", parameters)

    assert "\n" not in str(raised.value)
