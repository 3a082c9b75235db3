"""How alike volumes are: grids along the patient's axes, what a recipe makes of them, and which are unlike the others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread import FEWEST, PERCENT, Side, grid_of, planned_grid, unlike_others
from ccds_kernel.normalization.volume import Volume
from support.preview import oriented

CODES = st.sampled_from(["RAS", "LPS", "LAS", "PIR", "SAR", "ASL"])
RECIPES = {
    "reorient": "name: one\nsteps:\n- reorient: {to: RAS}\n",
    "resample": "name: two\nsteps:\n- reorient: {to: LPS}\n- resample: {spacing_mm: [2, 3, 4], interpolation: linear}\n",
    "window": "name: three\nsteps:\n- window: {center: 40, width: 80}\n",
}
CT = ("CT", "Aurora")


def side(spacing: float = 1.0, quantiles: tuple[float, ...] | None = None) -> Side:
    """A volume of that spacing along S–I."""
    return Side(grid_of((10, 12, 14), oriented("RAS", (1.0, 1.0, spacing))), quantiles)


@given(CODES, st.permutations([1.0, 2.0, 3.0]))
def test_a_grid_is_told_along_the_patient_s_axes(codes, spacing):
    """Whichever way the voxel axes run."""
    shape = (10, 20, 30)

    grid = grid_of(shape, oriented(codes, tuple(spacing)))

    along = [["RL", "AP", "SI"].index(next(pair for pair in ("RL", "AP", "SI") if code in pair)) for code in codes]
    assert grid.orientation == codes
    assert [grid.spacing_mm[axis] for axis in along] == pytest.approx(spacing)
    assert [grid.shape[axis] for axis in along] == list(shape)


@settings(deadline=None)  # no timings in tests
@given(CODES, st.sampled_from(sorted(RECIPES)))
def test_a_planned_grid_is_the_one_that_is_made(codes, name):
    """Told by the header alone."""
    recipe = Recipe.from_yaml(RECIPES[name])
    volume = Volume.of(np.zeros((6, 7, 8), np.int16), oriented(codes, (1.0, 1.5, 5.0)))

    planned = planned_grid(recipe, volume.voxels.shape, volume.affine)

    made = apply(recipe, volume)
    assert planned == grid_of(made.voxels.shape, made.affine)


def test_what_voxels_decide_isn_t_planned():
    """A crop to the foreground."""
    recipe = Recipe.from_yaml(
        "name: crop\nsteps:\n- foreground: {method: otsu, keep: all}\n- crop_pad: {margin_mm: 5, to: foreground}\n"
    )

    assert planned_grid(recipe, (6, 7, 8), np.eye(4)) is None


def test_the_one_that_is_unlike_is_told_first_with_what_is_usual():
    """Among many that differ a little, in spacing and in intensities."""
    rng = np.random.default_rng(0)
    sides = [side(2.5 + rng.normal(0, 0.05), tuple(rng.normal(0, 5) + np.array(PERCENT))) for _ in range(30)]
    sides[7] = side(10.0, sides[7].quantiles)
    sides[9] = side(2.5, tuple(3000 + np.array(PERCENT, float)))

    found = unlike_others([CT] * 30, sides)

    assert [one.volume for one in found[:5]] == [9] * 5
    spacing = next(one for one in found if one.volume == 7)
    assert (spacing.what, spacing.value) == ("spacing S–I", pytest.approx(10))
    assert spacing.usual == pytest.approx(2.5, abs=0.1)
    assert {one.volume for one in found} == {7, 9}


def test_rounding_makes_nobody_unlike():
    """Where all others are the same to the last digit."""
    sides = [side(2.5)] * 20 + [side(2.5004)]

    assert unlike_others([CT] * 21, sides) == []


def test_a_scanner_is_held_against_itself_where_it_has_enough():
    """Else against all of its modality; another modality never counts."""
    thick, thin = side(5.0), side(1.0)
    of_thick = [("CT", "thick")] * FEWEST
    of_thin = [("CT", "thin")] * (2 * FEWEST)

    enough = unlike_others([*of_thick, *of_thin], [thick] * FEWEST + [thin] * (2 * FEWEST))
    few = unlike_others([*of_thick[1:], *of_thin], [thick] * (FEWEST - 1) + [thin] * (2 * FEWEST))
    other = unlike_others([("MR", "thick"), *of_thin], [thick] + [thin] * (2 * FEWEST))

    assert enough == other == []
    assert {one.volume for one in few} == set(range(FEWEST - 1))


def test_what_isn_t_known_is_passed_over():
    """Volumes that weren't measured yet, all of them or some."""
    assert unlike_others([CT] * 9, [Side()] * 9) == []
    assert unlike_others([CT] * 9, [Side()] * 3 + [side()] * 6) == []
    assert unlike_others([], []) == []
