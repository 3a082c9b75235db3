"""What holds for every coefficient of agreement: symmetry, limits, intervals, and when there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.assessment.coefficients import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raw_agreement,
    specific_agreement,
)
from ccds_kernel.labeling.assessment.estimate import Estimate, NotDefined, Why
from ccds_kernel.labeling.assessment.rating import NOBODY, PRESENT, counted
from ccds_kernel.rate import wilson
from support.ratings import codes, codes_of_table

CATEGORIES = 3


def cohen(ratings):
    """Cohen's kappa of the first two labelers."""
    return cohen_kappa(ratings[:, 0], ratings[:, 1], CATEGORIES)


def of_counts(coefficient, *arguments):
    """The coefficient as a function of codes."""
    return lambda ratings: coefficient(counted(ratings, CATEGORIES), *arguments)


COEFFICIENTS = {
    "raw": of_counts(raw_agreement),
    "cohen": cohen,
    "fleiss": of_counts(fleiss_kappa),
    "ac1": of_counts(gwet_ac1),
    "alpha": of_counts(krippendorff_alpha),
    "specific": of_counts(specific_agreement, 1),
}
each = pytest.mark.parametrize("name", COEFFICIENTS)

answers = st.sampled_from([None, 0, 0, 0, 1, 2])


@st.composite
def rated(draw, most=4):
    """Codes of a few studies by a few labelers, often missing, often alike."""
    people = draw(st.integers(2, most))
    rows = draw(st.lists(st.lists(answers, min_size=people, max_size=people), min_size=1, max_size=12))
    return codes(rows)


pairs = rated(most=2)


@each
@given(ratings=rated())
def test_an_estimate_is_within_its_interval_or_not_defined(name, ratings):
    """Nothing raises, nothing is NaN; that a statistic isn't defined is a value with its reason."""
    found = COEFFICIENTS[name](ratings)

    if isinstance(found, Estimate):
        assert found.low <= found.value <= found.high <= 1
        assert found.low < found.high
        assert 1 <= found.studies <= len(ratings)
    else:
        assert found.why in Why


@each
@given(ratings=pairs, order=st.permutations([0, 1]))
def test_the_order_of_two_labelers_changes_nothing(name, ratings, order):
    """Nobody is first."""
    assert COEFFICIENTS[name](ratings[:, order]) == COEFFICIENTS[name](ratings)


@pytest.mark.parametrize("name", sorted(COEFFICIENTS.keys() - {"cohen"}))
@given(data=st.data())
def test_who_gave_which_rating_changes_nothing(name, data):
    """These coefficients know how often each study got each answer, and no more."""
    ratings = data.draw(rated())

    mixed = np.array([row[data.draw(st.permutations(range(len(row))))] for row in ratings])

    assert COEFFICIENTS[name](mixed) == COEFFICIENTS[name](ratings)


@pytest.mark.parametrize("name", sorted(COEFFICIENTS.keys() - {"specific"}))
@given(ratings=rated(), names=st.permutations([0, 1, 2]), studies=st.randoms(use_true_random=False))
def test_names_of_labels_and_order_of_studies_change_nothing(name, ratings, names, studies):
    """Labels have no order, studies have none either."""
    rows = list(range(len(ratings)))
    studies.shuffle(rows)
    renamed = np.array([*names, -1], np.int16)[ratings][rows]

    before, after = COEFFICIENTS[name](ratings), COEFFICIENTS[name](renamed)

    assert type(before) is type(after)
    if isinstance(before, Estimate):
        assert (after.value, after.low, after.high, after.studies) == pytest.approx(
            (before.value, before.low, before.high, before.studies), abs=2e-6
        )
    else:
        assert before == after


@each
@given(column=st.lists(st.integers(0, 2), min_size=4, max_size=20).filter(lambda one: {0, 1} <= set(one)))
def test_who_always_agree_agree_perfectly(name, column):
    """The value is 1, and the interval still says of how few studies."""
    found = COEFFICIENTS[name](codes([[one, one] for one in column]))

    assert (found.value, found.high) == (1, 1)
    assert found.low < 1


@given(ratings=pairs)
def test_two_labelers_who_both_rate_have_scotts_pi(ratings):
    """Fleiss' kappa of two is Scott's pi (1955), and alpha is it with Krippendorff's correction for few ratings."""
    both = ratings[(ratings >= 0).all(axis=1)]
    pi, alpha = COEFFICIENTS["fleiss"](both), COEFFICIENTS["alpha"](both)

    if isinstance(pi, Estimate):
        assert alpha.value == pytest.approx(1 - (1 - pi.value) * (1 - 1 / (2 * len(both))), abs=3e-6)
    else:
        assert alpha == pi


@given(both=st.integers(0, 40), apart=st.integers(0, 40), neither=st.integers(1, 5))
def test_positive_agreement_of_two_is_wilsons_interval_in_other_units(both, apart, neither):
    """2a / (2a + b + c) is a function of a / (a + b + c), a proportion; n/(n-1) of the variance remains."""
    found = specific_agreement(counted(codes_of_table([[neither, apart], [0, both]]), 2), PRESENT)

    if both + apart == 0:
        assert isinstance(found, NotDefined)
        return
    assert found.studies == both + apart
    low, high = wilson(both, both + apart)
    if both * apart == 0:
        assert (found.low, found.high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)), abs=2e-6)
    else:
        assert found.low < 2 * low / (1 + low) + 1e-6
        assert found.high > 2 * high / (1 + high) - 1e-6


@pytest.mark.parametrize("name", sorted(COEFFICIENTS.keys() - {"raw", "ac1"}))
def test_everybody_always_saying_the_same_is_no_agreement_beyond_chance(name):
    """Kappa and alpha would be 0/0, and of a label that nobody gave there is nothing to agree on."""
    found = COEFFICIENTS[name](codes([[0, 0]] * 20))

    assert isinstance(found, NotDefined)
    assert found.why == (Why.NEVER_GIVEN if name == "specific" else Why.ONE_CATEGORY)
    assert found.studies == 20


def test_ac1_is_defined_where_everybody_always_says_the_same():
    """That is what it was made for; the interval is that of 20 agreements of 20."""
    found = COEFFICIENTS["ac1"](codes([[0, 0]] * 20))

    assert found.value == 1
    assert found.low == pytest.approx(wilson(20, 20)[0], abs=1e-6)


def test_a_task_of_one_label_has_no_ac1():
    """There is nothing else that anybody could have said."""
    assert gwet_ac1(counted(codes([[0, 0]] * 3), 1)) == NotDefined(why=Why.ONE_CATEGORY, studies=3)


@each
@pytest.mark.parametrize("rows", [[[0, None], [None, 1], [None, None]], []])
def test_without_a_study_rated_by_two_nothing_is_defined(name, rows):
    """No overlap, no rating at all."""
    ratings = codes(rows).reshape(-1, 2)

    assert COEFFICIENTS[name](ratings) == NotDefined(why=Why.NO_OVERLAP, studies=0)


@pytest.mark.parametrize("name", ["cohen", "fleiss", "ac1", "alpha"])
def test_of_one_study_nothing_tells_chance_from_agreement(name):
    """One study that both rated beside others that one did."""
    assert COEFFICIENTS[name](codes([[0, 1], [0, None]])) == NotDefined(why=Why.ONE_STUDY, studies=1)


def test_studies_rated_by_one_do_not_widen_the_interval_of_ac1():
    """Gwet's variance grows with their number; they are no disagreements."""
    two = [[0, 0]] * 45 + [[0, 1]] * 5 + [[1, 1]] * 20
    without, having = COEFFICIENTS["ac1"](codes(two)), COEFFICIENTS["ac1"](codes([*two, *[[0, None]] * 70]))

    assert having.studies == without.studies == 70
    assert having.standard_error < 1.1 * without.standard_error


@given(samples=st.integers(0, 2**32 - 1))
def test_more_studies_give_a_narrower_interval(samples):
    """The same answers four times over."""
    ratings = codes(np.random.default_rng(samples).integers(0, CATEGORIES, (30, 3)).tolist())

    for coefficient in COEFFICIENTS.values():
        few, many = coefficient(ratings), coefficient(np.tile(ratings, (4, 1)))
        assert many.high - many.low < few.high - few.low


@each
def test_the_standard_error_is_the_jackknifes(name):
    """Leaving out one study after another tells it without any formula; a third of the ratings is missing."""
    random = np.random.default_rng(8)
    true = random.choice(CATEGORIES, (1000, 1), p=[0.85, 0.1, 0.05])
    ratings = np.where(random.random((1000, 3)) < 0.8, true, random.integers(0, CATEGORIES, (1000, 3))).astype(np.int16)
    ratings[random.random((1000, 3)) < 1 / 3] = NOBODY

    found = COEFFICIENTS[name](ratings)

    without = [COEFFICIENTS[name](np.delete(ratings, study, axis=0)).value for study in range(1000)]
    assert found.standard_error == pytest.approx(np.sqrt(999 * np.var(without)), rel=0.012)
