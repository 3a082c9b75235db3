"""`white_stripe` on images whose white matter is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume

T1 = {"mask": "nonzero", "peak": "last", "width": 0.05}


def brain(gain: float = 1.0, whole: bool = False) -> np.ndarray:
    """Air of 0, fluid around 100, grey matter around 300 (the most), white matter around 500, a little fat around 900."""
    chance = np.random.default_rng(3)
    tissues = [(100, 2000), (300, 9000), (500, 6000), (900, 500)]
    parts = [np.zeros(32**3 - 17500), *(chance.normal(middle, 25, count) for middle, count in tissues)]
    values = np.concatenate(parts).reshape(32, 32, 32) * gain
    return np.rint(values).astype(np.int16) if whole else values.astype(np.float32)


def normalized(values: np.ndarray, **parameters) -> np.ndarray:
    """The voxels of `values` after the step alone."""
    step = make_step("white_stripe", T1 | parameters)
    return apply(Recipe("one", (step,)), Volume.of(values, np.eye(4))).voxels


@pytest.mark.parametrize(("peak", "middle"), [("last", 500), ("highest", 300)])
def test_the_peak_is_where_0_is(peak, middle) -> None:
    """The last peak of a T1, the highest where that is asked for; rare fat is none."""
    values = brain()

    mapped = normalized(values, peak=peak)

    at_0 = values.ravel()[np.argmin(np.abs(mapped))]
    assert at_0 == pytest.approx(middle, abs=8)


def test_the_stripe_has_mean_0_and_deviation_1() -> None:
    """The voxels of the mask within 5 % on either side of the mode's quantile."""
    values = brain()

    mapped = normalized(values)

    inside = np.sort(mapped[values != 0].astype(float))
    at = np.searchsorted(inside, 0) / inside.size
    stripe = inside[int((at - 0.05) * inside.size) : int((at + 0.05) * inside.size)]
    assert stripe.mean() == pytest.approx(0, abs=0.2)
    assert stripe.std() == pytest.approx(1, abs=0.1)


@given(st.floats(0.2, 20))
def test_another_scale_changes_nothing(gain) -> None:
    """MR has no unit: the same brain at another gain comes out the same."""
    assert np.allclose(normalized(brain(gain)), normalized(brain()), atol=0.05, rtol=0.01)


@pytest.mark.parametrize("gain", [0.1, 0.31, 1, 3.3])
def test_whole_numbers_make_no_peaks_of_their_own(gain) -> None:
    """A scanner's few grey values leave gaps in a histogram; the peak is found all the same."""
    values = brain(gain, whole=True)

    mapped = normalized(values)

    at_0 = values.ravel()[np.argmin(np.abs(mapped))]
    assert at_0 == pytest.approx(500 * gain, abs=max(1.0, 10 * gain))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.full((6, 6, 6), 3), r"the same value in all of them \(step 1, white_stripe\)"),
        (np.zeros((6, 6, 6)), r"voxels in the mask 'nonzero'; found none \(step 1, white_stripe\)"),
        (
            200 - 199 * np.sqrt(np.linspace(0, 1, 20**3)).reshape(20, 20, 20),
            "a histogram with a peak, of white matter; found none",
        ),
        (np.append(np.full(999, 5), 6).reshape(10, 10, 10), "a histogram with a peak, of white matter; found none"),
    ],
)
def test_what_has_no_white_matter_is_one_clear_line(values, found) -> None:
    """Constant, empty, a slope from black to white, all but one the same."""
    with pytest.raises(CcdsError, match=found):
        normalized(values)
