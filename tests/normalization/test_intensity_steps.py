"""`window`, `clip` and `z_score` against plain NumPy in double precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.otsu import otsu_threshold
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume

hounsfield = arrays(np.int16, (5, 4, 3), elements=st.integers(-1024, 3071))


def normalized(values: np.ndarray, name: str, **parameters) -> np.ndarray:
    """The voxels of `values` after one step."""
    return apply(Recipe("one", (make_step(name, parameters),)), Volume.of(values, np.eye(4))).voxels


def test_a_window_maps_its_edges_to_0_and_1() -> None:
    """Brain window: 0 HU to 0, 40 to a half, 80 to 1, the rest cut."""
    values = np.array([-1000, 0, 20, 40, 80, 81, 3000]).reshape(7, 1, 1)

    mapped = normalized(values, "window", center=40, width=80)

    assert mapped.dtype == np.float32
    assert mapped.ravel().tolist() == [0, 0, 0.25, 0.5, 1, 1, 1]


@given(hounsfield, st.floats(-500, 500), st.floats(1, 3000))
def test_a_window_is_a_clipped_line(values, center, width) -> None:
    """Whatever the window."""
    mapped = normalized(values, "window", center=center, width=width)

    line = (values.astype(float) - (center - width / 2)) / width
    assert np.allclose(mapped, np.clip(line, 0, 1), atol=2e-4, rtol=0)
    assert mapped.min() >= 0
    assert mapped.max() <= 1


@given(hounsfield, st.floats(0, 49), st.floats(51, 100))
def test_clip_cuts_at_exact_percentiles(values, low, high) -> None:
    """NumPy's own percentiles of all voxels."""
    clipped = normalized(values, "clip", percentiles=[low, high])

    assert np.allclose(clipped, np.clip(values, *np.percentile(values, [low, high])), atol=1e-3, rtol=0)


@given(arrays(np.float32, (5, 4, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_clip_from_0_to_100_changes_nothing(values) -> None:
    """The ends are the darkest and the brightest voxel."""
    assert np.array_equal(normalized(values, "clip", percentiles=[0, 100]), values)


@given(hounsfield.filter(lambda values: np.ptp(values) > 0))
def test_z_score_gives_mean_0_and_deviation_1(values) -> None:
    """Of all voxels."""
    scored = normalized(values, "z_score", mask="none")

    expected = (values - values.mean(dtype=float)) / values.std(dtype=float)
    assert np.allclose(scored, expected, atol=1e-4 * max(1.0, float(np.abs(expected).max())), rtol=0)


def test_z_score_of_many_voxels_is_exact_over_its_blocks() -> None:
    """Two and a half million voxels: several blocks, the last one shorter."""
    values = ((np.arange(136**3) * 7919) % 4093).astype(np.float32).reshape(136, 136, 136)

    scored = normalized(values, "z_score", mask="none").astype(float)

    assert scored.mean() == pytest.approx(0, abs=1e-6)
    assert scored.std() == pytest.approx(1, abs=1e-6)


def test_a_mask_of_nonzero_voxels_leaves_the_background_out_of_the_statistics() -> None:
    """Every voxel is mapped, by the line that the nonzero ones gave."""
    values = np.zeros((4, 4, 4))
    values[1:3, 1:3, 1:3] = np.arange(1, 9).reshape(2, 2, 2)

    scored = normalized(values, "z_score", mask="nonzero")

    inside = np.arange(1, 9)
    assert np.allclose(scored[1:3, 1:3, 1:3].ravel(), (inside - 4.5) / inside.std(), atol=1e-6)
    assert scored[0, 0, 0] == pytest.approx(-4.5 / inside.std())


def test_otsus_mask_is_the_body() -> None:
    """Air with noise around -1000 HU, tissue around 40: statistics are the tissue's alone."""
    chance = np.random.default_rng(7)
    values = chance.normal(-1000, 15, (20, 20, 20))
    values[5:15, 5:15, 5:15] = chance.normal(40, 15, (10, 10, 10))
    values = values.astype(np.float32)

    scored = normalized(values, "z_score", mask="otsu")

    tissue = values[5:15, 5:15, 5:15].astype(float)
    assert np.allclose(scored, (values - tissue.mean()) / tissue.std(), atol=1e-4)


@given(arrays(np.int16, (4, 4, 4), elements=st.integers(0, 255)))
def test_otsus_threshold_parts_the_classes_best(values) -> None:
    """No other threshold leaves less spread within the two classes: tried one by one, on values that are their own bins."""
    values[0, 0, :2] = 0, 255

    def within(threshold: float) -> float:
        parts = [part for part in (values[values <= threshold], values[values > threshold]) if part.size]
        return sum(part.size * part.astype(float).var() for part in parts)

    found = otsu_threshold(values)

    assert within(found) == pytest.approx(min(within(threshold) for threshold in range(255)), rel=0.01, abs=1e-6)


def test_a_given_mean_and_deviation_are_the_same_line_in_every_image() -> None:
    """A constant image too."""
    values = np.array([100, 300, 500]).reshape(3, 1, 1)

    assert normalized(values, "z_score", mean=300, sd=100).ravel().tolist() == [-2, 0, 2]
    assert normalized(values[:1], "z_score", mean=300, sd=100).ravel().tolist() == [-2]


def test_the_foreground_of_a_step_before_is_a_mask() -> None:
    """Statistics are those of the voxels in it."""
    values = ((np.arange(24**3) * 733) % 100).reshape(24, 24, 24).astype(np.float32)
    values[6:18, 6:18, 6:18] += 1000
    steps = (
        make_step("foreground", {"method": "above", "above": 500, "keep": "all"}),
        make_step("z_score", {"mask": "foreground"}),
    )

    scored = apply(Recipe("body", steps), Volume.of(values, np.eye(4))).voxels

    inside = values[values > 500].astype(float)
    assert np.allclose(scored, (values - inside.mean()) / inside.std(), atol=1e-3)


@pytest.mark.parametrize(
    ("value", "mask", "found"),
    [
        (0.1, "none", "the same value in all of them"),
        (0.1, "nonzero", "the same value in all of them"),
        (0.1, "otsu", "the same value in all of them"),
        (0, "nonzero", "voxels in the mask 'nonzero'; found none"),
        (0, "foreground", "a step foreground before this one; found none"),
    ],
)
def test_what_can_t_be_scored_is_one_clear_line(value, mask, found) -> None:
    """A constant image is never divided by the rounding error of its deviation."""
    with pytest.raises(CcdsError, match=rf"{found} \(step 1, z_score\)"):
        normalized(np.full((40, 50, 60), value, np.float32), "z_score", mask=mask)
