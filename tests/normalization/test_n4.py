"""`n4` on images whose bias field is known, and against SimpleITK's own output."""

import gc
import weakref

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - what everybody calls it
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.exponential import exponential
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.samples import Samples
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume

SHAPE = 32, 28, 24
RECIPE = Recipe("one step", (make_step("n4", {"mask": "nonzero", "spacing_mm": 4}),))


def tissues() -> np.ndarray:
    """Three, in boxes, with air around and a little noise."""
    values = np.zeros(SHAPE)
    values[3:29, 3:25, 3:21] = 300
    values[8:24, 8:20, 8:16] = 500
    values[12:16, 12:16, 4:20] = 120
    return values + np.random.default_rng(5).normal(0, 4, SHAPE) * (values > 0)


def field() -> np.ndarray:
    """Half as bright at one end as at the other."""
    i, j, k = np.meshgrid(*(np.linspace(-1, 1, length) for length in SHAPE), indexing="ij")
    return np.exp(0.3 * i - 0.15 * j * j + 0.1 * k)


def spread(values: np.ndarray) -> float:
    """The coefficient of variation within the most frequent tissue."""
    inside = values[(tissues() > 250) & (tissues() < 350)]
    return float(inside.std() / inside.mean())


def test_a_bias_field_is_taken_away(run) -> None:
    """Most of how a tissue varies, fitted on every second voxel; tissues stay apart."""
    volume = Volume.of(tissues() * field(), np.diag([1, 1, 1.2, 1]))

    corrected = run(volume, "n4", mask="nonzero", spacing_mm=2).voxels

    assert spread(tissues() * field()) > 0.14
    assert spread(corrected) < 0.05
    assert corrected.dtype == np.float32


def test_the_field_is_simpleitk_s(run) -> None:
    """Fitted on every voxel it is the filter's own output, but for the rounding of the field."""
    values = np.maximum(tissues() * field(), 0).astype(np.float32)[::2, ::2, ::2]
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    mask = sitk.GetImageFromArray((values.T > 0).astype(np.uint8))
    expected = sitk.GetArrayFromImage(sitk.N4BiasFieldCorrection(sitk.GetImageFromArray(values.T), mask)).T

    corrected = run(Volume.of(values, np.eye(4)), "n4", mask="nonzero", spacing_mm=1).voxels

    assert np.allclose(corrected, expected, rtol=2e-5, atol=0)


def test_the_field_doesn_t_depend_on_where_the_image_lies(run) -> None:
    """Nor on the order of its axes."""
    values = tissues() * field()
    here = run(Volume.of(values, np.eye(4)), "n4", mask="nonzero", spacing_mm=2).voxels
    elsewhere = np.diag([-1.0, 1.0, -1.0, 1.0])
    elsewhere[:3, 3] = 40, -120, 333

    there = run(Volume.of(values, elsewhere), "n4", mask="nonzero", spacing_mm=2).voxels

    assert np.array_equal(here, there)


@pytest.mark.parametrize(
    ("values", "mask", "found"),
    [
        (np.full((8, 8, 8), 7), "none", r"the same value in all of them \(step 1, n4\)"),
        (np.zeros((8, 8, 8)), "nonzero", r"voxels greater than 0 in the mask 'nonzero'; found none"),
        (-np.arange(512).reshape(8, 8, 8), "none", r"voxels greater than 0 .*; put n4 before steps that move 0"),
        (np.arange(192).reshape(8, 8, 3), "none", r"at least 4 voxels along each axis, to fit a field; found 3"),
        (np.arange(512).reshape(8, 8, 8), "foreground", "a step foreground before this one; found none"),
    ],
)
def test_what_has_no_field_is_one_clear_line(run, values, mask, found) -> None:
    """Constant, empty, all below 0, too few slices."""
    with pytest.raises(CcdsError, match=found):
        run(Volume.of(values, np.eye(4)), "n4", mask=mask, spacing_mm=2)


def test_the_smallest_images_have_a_field(run) -> None:
    """4 voxels along each axis, only a few of them in the mask."""
    values = np.zeros((4, 4, 4))
    values[1, 1, 1:3] = 5, 9

    corrected = run(Volume.of(values, np.eye(4)), "n4", mask="nonzero", spacing_mm=4).voxels

    assert np.isfinite(corrected).all()


@given(st.floats(-30, 30))
def test_the_exponential_is_the_exponential(value) -> None:
    """To 15 digits."""
    assert exponential(np.array([value]))[0] == pytest.approx(float(np.exp(value)), rel=2e-15)


@given(st.integers(4, 60), st.floats(0.3, 5), st.floats(0.5, 20))
def test_values_between_samples_are_a_straight_line_where_the_samples_are(length, spacing, wanted) -> None:
    """Each sample keeps its own value; ends reach as far as the last sample; at least four."""
    along = Samples.of(length, spacing, wanted)
    places = np.arange(length)[along.places]
    line = places * 3.0 + 2

    values = along.between(line, 0)

    assert places.size >= 4
    assert np.array_equal(values[places], line)
    inner = slice(places[1], places[-2] + 1)
    assert np.allclose(values[inner], np.arange(length)[inner] * 3.0 + 2)
    assert np.all(values[: places[0]] == line[0])
    assert np.all(values[places[-1] :] == line[-1])


def test_n4_ends_soon_after_nobody_wants_it_any_more(capfd) -> None:
    """In the middle of its iterations, with the very error, nothing printed, and nothing held."""

    class Unwanted(BaseException):
        pass

    class Asked:
        times = 0

        def __call__(self, _: int) -> None:
            self.times += 1
            if self.times == 4:
                raise Unwanted

    asked = Asked()
    held = weakref.ref(asked)
    volume = Volume.of(tissues() * field(), np.eye(4))

    with pytest.raises(Unwanted):
        apply(RECIPE, volume, watch=asked)

    assert asked.times == 4
    assert capfd.readouterr() == ("", "")
    del asked
    gc.collect()
    assert held() is None


def test_being_asked_makes_no_difference() -> None:
    """The same voxels; asked more often than once a step."""
    times: list[int] = []
    look = times.append
    volume = Volume.of(tissues() * field(), np.eye(4))

    watched = apply(RECIPE, volume, watch=look)

    assert set(times) == {1}
    assert len(times) > 5
    assert watched.digest() == apply(RECIPE, volume).digest()
