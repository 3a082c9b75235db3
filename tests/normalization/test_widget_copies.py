"""Coarser copies: how coarse they are, what steps are on them, and which steps run again when one of them was changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.normalization.apply import StepError, apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
from ccds_widgets.normalization.coarser import MOST_VOXELS, coarsened, coarser_step
from ccds_widgets.normalization.copies import Copies, Copy, TooSlow
from support.affines import affines, places, shapes
from support.preview import coordinate_volume

REORIENT = make_step("reorient", {"to": "LPS"})
RESAMPLE = make_step("resample", {"spacing_mm": [1, 1, 1], "interpolation": "linear"})
WINDOW = make_step("window", {"center": 40, "width": 80})
LARGE = (300, 310, 60)


def recipe(*steps) -> Recipe:
    """These steps."""
    return Recipe("tried", steps)


def large(axis: int = 0) -> Volume:
    """More voxels than a copy may have; each holds its coordinate along the patient's `axis`, mm."""
    affine = np.diag([-0.7, -0.7, 3.0, 1.0])
    affine[:3, 3] = 100, 110, -90
    return coordinate_volume(LARGE, affine, axis)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_copy_s_voxels_are_the_volume_s_own_at_their_places(axis):
    """Every n-th one, none of them averaged; few enough; the thick slices aren't thinned out first."""
    image, factors = coarsened(large(axis))

    assert image.voxels.size <= MOST_VOXELS
    assert factors == (2, 2, 1)
    assert np.allclose(image.voxels, places(image.affine, image.voxels.shape)[..., axis], atol=1e-3)


def test_a_small_volume_is_its_own_copy(ct):
    """Voxel for voxel what the recipe makes of it."""
    tried = recipe(REORIENT, RESAMPLE, WINDOW)

    stages = Copy(ct).run(recipe(REORIENT, WINDOW), slow=False)

    whole = apply(recipe(REORIENT, WINDOW), ct)
    assert stages[-1].factors == (1, 1, 1)
    assert stages[-1].volume.digest() == whole.digest()
    assert len(Copy(ct).run(tried, slow=False)) == 4


@settings(max_examples=40, deadline=None)
@given(affines(), shapes(2, 9), st.tuples(*[st.floats(0.5, 6)] * 3))
def test_a_resampled_copy_is_never_finer_than_it_was(affine, shape, spacing):
    """A slider mustn't wait for voxels that nobody sees: what is finer in the whole volume stays, and is told as such."""
    volume = Volume.of(np.arange(np.prod(shape)).reshape(shape), affine)
    steps = (REORIENT, make_step("resample", {"spacing_mm": spacing, "interpolation": "nearest"}))

    _, turned, after = Copy(volume).run(recipe(*steps), slow=False)

    told = [mm / factor for mm, factor in zip(after.volume.spacing_mm, after.factors, strict=True)]
    assert told == pytest.approx(spacing, rel=2e-3, abs=2e-3)
    assert all(new <= old for new, old in zip(after.image.voxels.shape, turned.image.voxels.shape, strict=True))


def test_a_copy_resampled_to_a_shape_is_never_finer_either():
    """Few voxels are that many; more than the copy has are told as what the whole volume gets."""
    steps = (make_step("resample", {"shape": [40, 900, 60], "interpolation": "linear"}),)

    _, after = Copy(large()).run(recipe(*steps), slow=False)

    assert after.image.voxels.shape == (40, 155, 60)
    assert after.factors == pytest.approx((1, 900 / 155, 1))


@pytest.mark.parametrize("codes", ["RAS", "SAR", "PIL"])
def test_a_copy_turned_or_cut_stays_at_its_place(codes):
    """Axes in another order, another number of voxels: every voxel still holds its own coordinate."""
    steps = (make_step("reorient", {"to": codes}), make_step("crop_pad", {"shape": [60, 60, 60], "to": "center"}))

    stages = Copy(large(1)).run(recipe(*steps), slow=False)

    for stage in stages[:2]:
        assert np.allclose(stage.image.voxels, places(stage.image.affine, stage.image.voxels.shape)[..., 1], atol=1e-3)
    told = [length * factor for length, factor in zip(stages[2].image.voxels.shape, stages[2].factors, strict=True)]
    assert told == pytest.approx([60] * 3, abs=2)


def test_only_the_steps_from_the_changed_one_on_run_again(ct):
    """Those before it keep their very images; going back to an earlier recipe is right, too."""
    copy = Copy(ct)
    first = copy.run(recipe(REORIENT, WINDOW), slow=False)
    kept = [stage.image.voxels.copy() for stage in first]

    second = copy.run(recipe(REORIENT, make_step("window", {"center": 0, "width": 500})), slow=False)
    third = copy.run(recipe(REORIENT, WINDOW), slow=False)

    assert second[1] is first[1]
    assert not np.array_equal(second[2].image.voxels, first[2].image.voxels)
    assert all(np.array_equal(stage.image.voxels, voxels) for stage, voxels in zip(third, kept, strict=True))
    assert all(np.array_equal(stage.image.voxels, voxels) for stage, voxels in zip(first, kept, strict=True))


def test_a_step_that_makes_no_sense_is_told_with_its_place(ct):
    """And what was right before it stays."""
    copy = Copy(ct)
    empty = make_step("window", {"center": 1e6, "width": 1})
    flat = make_step("z_score", {"mask": "none"})

    with pytest.raises(StepError) as told:
        copy.run(recipe(REORIENT, empty, flat), slow=False)

    assert told.value.place == 3
    assert len(copy.run(recipe(REORIENT, WINDOW), slow=False)) == 3


def test_a_slider_doesn_t_wait_for_n4(ct):
    """It says for which step it would have to; on a copy that is fitted at twice the spacing."""
    n4 = make_step("n4", {"mask": "otsu", "spacing_mm": 4})
    image, factors = coarsened(ct)

    with pytest.raises(TooSlow) as told:
        Copy(ct).run(recipe(REORIENT, n4), slow=False)
    coarse, after = coarser_step(n4, image, factors)

    assert told.value.step == "n4"
    assert coarse == make_step("n4", {"mask": "otsu", "spacing_mm": 8})
    assert after == factors


def test_a_few_copies_are_kept(ct):
    """As many as volumes are shown; the one looked at longest ago goes first."""
    copies = Copies()
    made = []

    def volume(name):
        made.append(name)
        return ct

    for name in "abcdaeab":
        copies.get((name,), lambda name=name: volume(name))

    assert made == [*"abcd", "e", "b"]


def test_a_copy_grows_only_so_far():
    """A slip of the finger while a slider is followed takes neither time nor memory: the whole volume is waited for."""
    copy = Copy(Volume.of(np.zeros((4, 4, 4), np.int16), np.eye(4)))
    padded = make_step("crop_pad", {"shape": [30000, 300, 60], "to": "center"})

    for slow in (False, True):
        with pytest.raises(TooSlow) as refused:
            copy.run(recipe(padded), slow=slow)
        assert refused.value.step == "crop_pad"
    assert len(copy.run(recipe(REORIENT), slow=False)) == 2


def test_a_slow_step_of_a_copy_ends_when_nobody_wants_it_any_more():
    """It leaves the copy as it was before: the next recipe finds it free, and runs the step anew."""
    biased = Volume.of(np.random.default_rng(0).normal(100, 10, (16, 16, 16)), np.eye(4))
    tried = recipe(make_step("n4", {"mask": "none", "spacing_mm": 1}))
    copy = Copy(biased)

    class Unwanted(BaseException):
        times = 0

    def wanted():
        Unwanted.times += 1
        if Unwanted.times == 3:
            raise Unwanted

    with pytest.raises(Unwanted):
        copy.run(tried, slow=True, wanted=wanted)

    with pytest.raises(TooSlow, match="n4"):
        copy.run(tried, slow=False)
    assert len(copy.run(tried, slow=True)) == 2
