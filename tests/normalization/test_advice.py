"""Which steps of a recipe are told to be of no use for a modality."""

import re

import pytest
import yaml

from ccds_kernel.normalization.advice import advice, depends_on_modality
from ccds_kernel.normalization.recipe import Recipe

WINDOW = "window: {center: 40, width: 80}"
CLIP = "clip: {percentiles: [0.5, 99.5]}"
RESCALE = "rescale: {range: [0, 1]}"
RESCALE_FROM = "rescale: {range: [0, 1], from: [-1000, 1000]}"
Z_SCORE = "z_score: {mask: nonzero}"
Z_SCORE_FIXED = "z_score: {mean: 100, sd: 50}"
NYUL = "nyul: {mask: otsu, percentiles: [1, 50, 99], range: [0, 100]}"
WHITE_STRIPE = "white_stripe: {mask: nonzero, peak: last, width: 0.05}"
N4 = "n4: {mask: otsu, spacing_mm: 4}"
GEOMETRY = "resample: {spacing_mm: [1, 1, 1], interpolation: linear}"


def advised(modality: str, *steps: str) -> tuple[tuple[int, str], ...]:
    """What is said of a recipe with `steps`."""
    return advice(
        Recipe.from_yaml(yaml.safe_dump({"name": "r", "steps": [yaml.safe_load(step) for step in steps]})), modality
    )


@pytest.mark.parametrize(
    ("modality", "steps", "line"),
    [
        ("MR", [WINDOW], "a window is in HU, which MR doesn't have"),
        ("PT", [WINDOW], "a window is in HU, which PT doesn't have"),
        ("CT", [RESCALE_FROM, WINDOW], "which a step before has mapped to something else: put it first"),
        ("CT", [CLIP], "percentiles of HU depend on how much air is in the picture"),
        ("CT", [RESCALE], "the darkest and brightest HU differ"),
        ("CT", [Z_SCORE], "HU are absolute, .*window first"),
        ("CT", [GEOMETRY, Z_SCORE], "HU are absolute, .*window first"),
        ("CT", [NYUL], "HU are absolute, .*window them instead"),
        ("CT", [WINDOW, NYUL], "HU are absolute"),
        ("CT", [WHITE_STRIPE], "as MR shows it: window instead"),
        ("CT", [N4], "bias field of MR's coils, which CT doesn't have: leave it out"),
        ("MR", [Z_SCORE, N4], "n4 divides, .*: put n4 first"),
        ("MR", [Z_SCORE_FIXED], "no unit, so no mean and sd fit every scanner"),
        ("MR", [RESCALE_FROM], "no unit, so no range fits every scanner"),
        ("PT", [NYUL], "nyul is made for MR"),
    ],
)
def test_what_is_not_sensible_is_told_at_its_step(modality, steps, line) -> None:
    """Only the last of the steps, with the reason and what to do instead."""
    [(place, told)] = [one for one in advised(modality, *steps) if one[0] == len(steps)]

    assert place == len(steps)
    assert re.search(line, told)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("modality", "steps"),
    [
        ("CT", [GEOMETRY, WINDOW, Z_SCORE]),
        ("CT", [WINDOW, CLIP, RESCALE]),
        ("CT", [Z_SCORE_FIXED]),
        ("CT", [RESCALE_FROM]),
        ("MR", [N4, CLIP, GEOMETRY, NYUL]),
        ("MR", [N4, NYUL, Z_SCORE_FIXED]),
        ("MR", [N4, WHITE_STRIPE, RESCALE_FROM]),
        ("PT", [RESCALE_FROM]),
        ("", [N4, WINDOW, NYUL]),
    ],
)
def test_what_is_sensible_is_not_talked_about(modality, steps) -> None:
    """Order counts; where the modality isn't known nothing is said."""
    assert advised(modality, *steps) == ()


@pytest.mark.parametrize("modality", ["CT", "MR", ""])
@pytest.mark.parametrize(
    ("step", "meant"),
    [
        ("clip: {percentiles: [0.005, 0.995]}", r"write \[0.5, 99.5\]"),
        ("nyul: {mask: otsu, percentiles: [0.01, 0.5, 1], range: [0, 100]}", r"write \[1, 50, 100\]"),
    ],
)
def test_percentiles_that_look_like_fractions_are_told_of_every_modality(modality, step, meant) -> None:
    """They are allowed, and nearly all voxels would become one value."""
    [(place, told)] = advised(modality, GEOMETRY, step)

    assert place == 2
    assert re.search(f"percentiles are percent, .*: {meant} if they are meant as fractions", told)


@pytest.mark.parametrize(("steps", "depends"), [([GEOMETRY], False), ([GEOMETRY, Z_SCORE], True), ([N4], True)])
def test_whether_a_recipe_s_advice_depends_on_the_modality(steps, depends) -> None:
    """Moving voxels is sensible for all."""
    recipe = Recipe.from_yaml(yaml.safe_dump({"name": "r", "steps": [yaml.safe_load(step) for step in steps]}))

    assert depends_on_modality(recipe) == depends
