"""Fitting a recipe over a cohort: the landmarks of Nyúl's method."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError, apply
from ccds_kernel.normalization.fit import Fitting
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume

NYUL = {"mask": "nonzero", "percentiles": [0, 25, 50, 75, 100], "range": [0, 100]}


def recipe(*before, **parameters) -> Recipe:
    """A recipe with these steps, then an unfitted one."""
    return Recipe("cohort", (*before, make_step("nyul", NYUL | parameters), make_step("rescale", {"range": [0, 1]})))


@cache
def head(number: int) -> Volume:
    """A volume of 125 different voxels: another gain and another curve for each number."""
    ranks = np.random.default_rng(number).permutation(125) / 124
    return Volume.of((50 + number + 300 * number * ranks ** (1 + number / 7)).reshape(5, 5, 5), np.eye(4))


def fit(what: Recipe, numbers) -> Recipe:
    """`what` fitted on these heads, in this order."""
    fitting = Fitting(what)
    for number in numbers:
        fitting.add(head(number), f"{number:064x}")
    return fitting.fitted()


def test_landmarks_are_the_mean_over_the_cohort() -> None:
    """Of each volume's percentiles, its first and last brought to the range; the rest of the recipe stays."""
    fitted = fit(recipe(), [1, 2, 3])

    percentiles = [np.percentile(head(number).voxels.astype(float), [0, 25, 50, 75, 100]) for number in (1, 2, 3)]
    expected = np.mean([(one - one[0]) / (one[-1] - one[0]) * 100 for one in percentiles], axis=0)
    assert fitted.steps[0].landmarks == pytest.approx(expected)
    assert (fitted.steps[0].landmarks[0], fitted.steps[0].landmarks[-1]) == (0, 100)
    assert fitted.steps[0].volumes == 3
    assert (fitted.name, fitted.steps[1], fitted.output) == ("cohort", recipe().steps[1], recipe().output)


@given(st.permutations(range(1, 8)), st.lists(st.integers(1, 7), max_size=5))
def test_neither_order_nor_repetition_makes_a_difference(order, again) -> None:
    """To the last bit, so that the recipe's hash is the same."""
    fitted = fit(recipe(), [*order, *again])

    assert fitted == fit(recipe(), range(1, 8))
    assert fitted.digest() == fit(recipe(), range(1, 8)).digest()


def test_another_cohort_is_another_recipe() -> None:
    """The hash of the inputs is in it."""
    assert fit(recipe(), [1, 2]).steps[0].volumes_sha256 != fit(recipe(), [1, 3]).steps[0].volumes_sha256


def test_a_fitted_recipe_survives_its_file_and_can_be_fitted_anew() -> None:
    """Landmarks that are there are replaced."""
    fitted = fit(recipe(), [1, 2, 3])

    again = Recipe.from_yaml(fitted.to_yaml())

    assert again == fitted
    assert fit(again, [4, 5]) == fit(recipe(), [4, 5])


def test_after_it_the_heads_of_a_cohort_are_alike() -> None:
    """Medians that differed by a factor of three are the same."""
    fitted = Recipe("only nyul", (fit(recipe(), range(1, 8)).steps[0],))

    before = [float(np.median(head(number).voxels)) for number in range(1, 8)]
    after = [float(np.median(apply(fitted, head(number)).voxels)) for number in range(1, 8)]

    assert max(before) > 3 * min(before)
    assert max(after) == pytest.approx(min(after))


def test_steps_before_it_are_applied_first() -> None:
    """Also a foreground that they mark; what comes after isn't."""
    window = make_step("window", {"center": 200, "width": 100})
    marked = make_step("foreground", {"method": "above", "above": 0.25, "keep": "all"})
    fitting = Fitting(recipe(window, marked, mask="foreground"))

    fitting.add(head(2), "2")

    mapped = np.clip((head(2).voxels.astype(float) - 150) / 100, 0, 1)
    expected = np.percentile(mapped[mapped > 0.25], [0, 25, 50, 75, 100])
    low, high = expected[0], expected[-1]
    assert fitting.found["2"] == pytest.approx((expected - low) / (high - low) * 100)


def test_a_volume_that_can_t_be_used_names_its_step_and_counts_for_nothing() -> None:
    """The step's place in the recipe, and what is wrong."""
    fitting = Fitting(recipe(make_step("window", {"center": 60, "width": 200})))
    fitting.add(Volume.of(np.arange(125).reshape(5, 5, 5), np.eye(4)), "a")

    with pytest.raises(StepError, match=r"the same value in all of them \(step 2, nyul\)"):
        fitting.add(Volume.of(np.full((5, 5, 5), 30), np.eye(4)), "b")

    assert fitting.fitted().steps[1].volumes == 1


@pytest.mark.parametrize(
    ("steps", "found"),
    [((), "0 of them; add '- nyul"), ((make_step("nyul", NYUL),) * 2, "2 of them")],
)
def test_a_recipe_with_nothing_to_fit_or_too_much_is_refused(steps, found) -> None:
    """It is one step nyul."""
    with pytest.raises(CcdsError, match=f"one step nyul, to be fitted; found {found}"):
        Fitting(Recipe("r", steps))


def test_percentiles_that_are_one_intensity_in_every_volume_are_no_landmarks() -> None:
    """Half of the voxels are the same: a fitted step would not be one line through them."""
    fitting = Fitting(recipe())
    fitting.add(Volume.of(np.maximum(np.arange(125).reshape(5, 5, 5), 90), np.eye(4)), "a")

    with pytest.raises(CcdsError, match="the same intensity in all volumes; take fewer percentiles"):
        fitting.fitted()
