"""How often the soft labels of each phrase are wrong, and how many wrong ones are left."""

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from ccds_kernel.labeling.assessment.soft_label_error import (
    PhraseCounts,
    SoftLabelErrors,
    count_phrases,
    predicted,
    soft_label_errors,
)
from ccds_kernel.rate import rate, wilson


def counts(captured, confirmed, wrong, settled=0):
    """The studies of one phrase."""
    return PhraseCounts(captured=captured, confirmed=confirmed, wrong=wrong, settled=settled)


@st.composite
def phrase_counts(draw):
    """Any phrase of up to 300 studies."""
    captured = draw(st.integers(0, 300))
    confirmed = draw(st.integers(0, captured))
    return counts(captured, confirmed, draw(st.integers(0, confirmed)))


def test_studies_are_counted_for_the_phrase_that_captures_them():
    """Those that no phrase captures have no soft label; a phrase that captures nothing is there with zeros."""
    holders = np.array([0, 0, 0, 2, 2, -1, -1], np.int16)
    confirmed = np.array([1, 1, 0, 1, 0, 1, 0], bool)
    wrong = np.array([1, 0, 1, 1, 1, 1, 1], bool)

    settled = np.array([1, 0, 1, 0, 0, 0, 1], bool)

    found = count_phrases(holders, confirmed, wrong, settled, phrases=3)

    assert found == (counts(3, 2, 1, 1), counts(0, 0, 0), counts(2, 1, 1))


def test_what_somebody_looked_at_is_not_left():
    """Gold studies say nothing about the rate, and aren't among those that nobody looked at; nor where nothing is confirmed."""
    found = soft_label_errors([counts(120, 13, 1, settled=18), counts(30, 0, 0, settled=10)])

    assert (found.phrases[0].rate, found.phrases[0].left.studies) == (rate(1, 13), 89)
    assert (found.left.studies, found.unknown) == (89, 20)


def test_one_phrase():
    """5 of 100 wrong: 95 of the 1,900 others, and Wilson's interval of the rate."""
    found = soft_label_errors([counts(2000, 100, 5)])

    assert found.phrases[0].rate == rate(5, 100)
    assert (found.phrases[0].left.studies, found.phrases[0].left.wrong) == (1900, 95)
    assert (found.rate.value, found.rate.low, found.rate.high) == pytest.approx((0.05, *wilson(5, 100)), abs=1e-6)
    assert found.left == found.phrases[0].left


def test_phrases_weigh_as_much_as_they_capture():
    """Of 110 confirmed 20 are wrong; but the phrase they are of captures 100 of 10,100 studies only."""
    found = soft_label_errors([counts(10_000, 10, 0), counts(100, 100, 20)])

    assert found.rate.value == pytest.approx(20 / 10_100, abs=1e-6)
    assert found.left.wrong == 0
    assert found.rate.high > 0.2  # ten looked at of ten thousand say little


@pytest.mark.parametrize(
    ("whole", "partly"),
    [
        (counts(100, 100, 0), counts(100, 1, 1)),
        (counts(1000, 1000, 0), counts(1000, 100, 30)),
        (counts(1000, 1000, 900), counts(1000, 100, 30)),
    ],
)
def test_a_phrase_without_any_left_says_nothing_about_those_left_of_another(whole, partly):
    """However many of its own were right or wrong: all that are left are the other's."""
    assert soft_label_errors([whole, partly]).left == soft_label_errors([partly]).left


def test_those_left_are_predicted_by_the_phrases_that_have_them():
    """Of 960 left half are wrong, as 20 of 40 confirmed were; the phrase with 10 left, and none wrong, changes little."""
    left = soft_label_errors([counts(1000, 990, 0), counts(1000, 40, 20)]).left
    alone = soft_label_errors([counts(1000, 40, 20)]).left

    assert (left.studies, left.wrong) == (970, 480)
    assert (left.low, left.high) == pytest.approx((alone.low, alone.high), abs=10)


def test_phrases_nobody_looked_at_are_unknown():
    """They are no part of the rate: how many studies they capture is said."""
    found = soft_label_errors([counts(50, 50, 1), counts(70, 0, 0)])

    assert (found.phrases[1].rate, found.phrases[1].left, found.unknown) == (None, None, 70)
    assert found.rate.value == pytest.approx(0.02)


@pytest.mark.parametrize("phrases", [[], [counts(70, 0, 0)]])
def test_without_a_confirmed_study_nothing_is_known(phrases):
    """No number rather than a guess."""
    found = soft_label_errors(phrases)

    assert (found.rate, found.left, found.unknown) == (None, None, sum(one.captured for one in phrases))


def test_where_all_are_confirmed_none_is_left():
    """From 0 to 0, whatever the rate."""
    left = soft_label_errors([counts(40, 40, 13)]).left

    assert (left.studies, left.wrong, left.low, left.high) == (0, 0, 0, 0)


def exact(studies, wrong, confirmed):
    """The prediction interval from probabilities by the gamma function."""
    a, b = wrong + 0.5, confirmed - wrong + 0.5

    def log_beta(x, y):
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    chances = [
        math.comb(studies, k) * math.exp(log_beta(k + a, studies - k + b) - log_beta(a, b)) for k in range(studies + 1)
    ]
    below = np.cumsum(chances)
    assume(np.abs(below[:, None] - [0.025, 0.975]).min() > 1e-9)  # as near a bound rounding decides
    return int(np.argmax(below > 0.025)), int(np.argmax(below >= 0.975))


@given(
    studies=st.integers(0, 60),
    counted=st.integers(1, 30).flatmap(lambda most: st.tuples(st.integers(0, most), st.just(most))),
)
def test_the_prediction_is_beta_binomial(studies, counted):
    """Against the textbook's formula."""
    wrong, confirmed = counted

    assert predicted(studies, wrong, confirmed) == exact(studies, wrong, confirmed)


@given(st.lists(phrase_counts(), max_size=6))
def test_everything_is_in_order(phrases):
    """Whatever is counted; the page gets it as JSON."""
    found = soft_label_errors(phrases)

    assert SoftLabelErrors.model_validate_json(json.dumps(found.model_dump(mode="json"), allow_nan=False)) == found
    assert [one.counts for one in found.phrases] == phrases
    for left in [found.left, *(one.left for one in found.phrases)]:
        if left is not None:
            assert 0 <= left.low <= left.wrong <= left.high <= left.studies
    if found.rate is not None:
        assert 0 <= found.rate.low <= found.rate.value <= found.rate.high <= 1


@given(phrases=st.lists(phrase_counts(), max_size=6), data=st.data())
def test_the_order_of_phrases_changes_nothing(phrases, data):
    """But for rounding."""
    mixed = data.draw(st.permutations(phrases))

    one, other = soft_label_errors(phrases), soft_label_errors(mixed)

    assert one.unknown == other.unknown
    assert (one.rate is None) == (other.rate is None)
    if one.rate is not None:
        assert one.rate.model_dump() == pytest.approx(other.rate.model_dump(), abs=2e-6)


def test_a_million_studies_are_predicted_too():
    """Probabilities of single numbers are far too small for a float."""
    left = soft_label_errors([counts(1_000_000, 400, 20)]).left

    assert left.low < 0.05 * 999_600 < left.high
    assert left.high - left.low < 0.06 * 999_600


@pytest.mark.parametrize("wrong", [(10, 11, 0), (10, 5, 6), (-1, 0, 0)])
def test_impossible_counts_are_refused(wrong):
    """More confirmed than captured, more wrong than confirmed, a negative number."""
    with pytest.raises(ValidationError):
        counts(*wrong)
