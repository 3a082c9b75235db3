"""The way back of intensities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.inverse import undo_values
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume

scores = st.builds(
    lambda mean, sd: make_step("z_score", {"mean": mean, "sd": sd}), st.floats(-1000, 1000), st.floats(1, 1000)
)
ranges = st.tuples(st.floats(-1000, 999), st.floats(1, 1000)).map(lambda one: [one[0], one[0] + one[1]])
rescales = st.builds(lambda given, to: make_step("rescale", {"from": given, "range": to}), ranges, ranges)


@given(scores, st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_scores_find_back(step, seed) -> None:
    """The values of before, to float32's rounding; turns move values and don't change them."""
    voxels = np.random.default_rng(seed).normal(0, 1000, (3, 4, 5)).astype(np.float32)
    recipe = Recipe("there", (step, make_step("reorient", {"to": "LAS"})))
    made = apply(recipe, Volume(voxels, np.eye(4)))

    back = undo_values(recipe, made)

    assert np.allclose(back.voxels[::-1], voxels, atol=0.01, rtol=0)


def test_several_lines_find_back_as_one(ct) -> None:
    """The last one first."""
    recipe = Recipe(
        "there",
        (
            make_step("rescale", {"from": [-1000, 1000], "range": [0, 1]}),
            make_step("z_score", {"mean": 0.4, "sd": 0.2}),
        ),
    )

    back = undo_values(recipe, apply(recipe, ct))

    assert np.allclose(back.voxels, ct.voxels, atol=0.001, rtol=0)


@given(rescales, st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_a_range_finds_back(step, seed) -> None:
    """Within a millionth of the wider range for each unit that the narrower one lost."""
    low, high = step.source
    voxels = np.random.default_rng(seed).uniform(low, high, (3, 4, 5)).astype(np.float32)
    made = apply(Recipe("there", (step,)), Volume(voxels, np.eye(4)))

    back = undo_values(Recipe("there", (step,)), made)

    start, end = step.range
    lost = 1e-6 * max(abs(start), abs(end), abs(low), abs(high)) * max(1, (high - low) / (end - start))
    assert np.abs(back.voxels - voxels).max() <= lost


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("window", {"center": 40, "width": 80}),
        ("clip", {"percentiles": [1, 99]}),
        ("z_score", {"mask": "none"}),
        ("rescale", {"range": [0, 1]}),
    ],
)
def test_what_has_no_way_back_is_said(ct, name, parameters) -> None:
    """What was cut is gone, and what depends on the image isn't in the recipe."""
    recipe = Recipe("there", (make_step("reorient", {"to": "RAS"}), make_step(name, parameters)))

    with pytest.raises(CcdsError, match=f"found {name}, step 2; keep the image as it came"):
        undo_values(recipe, ct)
