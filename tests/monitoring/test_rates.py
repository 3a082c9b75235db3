"""Rates and their Wilson intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.rate import Rate, rate, wilson

COUNTS = st.integers(1, 10_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_intervals_are_the_published_ones(part, whole, low, high):
    """Newcombe 1998, Stat Med 17:857-872, table I, method 3: the score interval without continuity correction."""
    found = wilson(part, whole)

    assert found == pytest.approx((low, high), abs=0.00005)


@given(COUNTS)
def test_an_interval_holds_its_rate_within_0_and_1(counts):
    """Whatever is counted; where none or all are, the interval ends exactly there."""
    part, whole = counts

    found = rate(part, whole)

    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (found.low == 0) == (part == 0)
    assert (found.high == 1) == (part == whole)


@given(COUNTS)
def test_counting_the_others_mirrors_the_interval(counts):
    """The interval of those that are and of those that aren't are one."""
    part, whole = counts

    low, high = wilson(part, whole)

    assert wilson(whole - part, whole) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_each_metric_is_over_its_own_studies():
    """Numerator and denominator of each, by a table in which all four counts differ."""
    counts = Counts(tp=9, fp=20, fn=1, tn=70, unmatched=5)

    found = {metric: (one.part, one.whole) for metric in Metric if (one := counts.rate(metric))}

    assert found == {
        Metric.SENSITIVITY: (9, 10),
        Metric.SPECIFICITY: (70, 90),
        Metric.PPV: (9, 29),
        Metric.PREVALENCE: (10, 100),
        Metric.ALERT_RATE: (29, 100),
    }


def test_a_rate_over_no_study_is_none():
    """No positive study, no sensitivity; no study, nothing at all."""
    assert Counts(tn=3).rate(Metric.SENSITIVITY) is None
    assert {metric: Counts(unmatched=3).rate(metric) for metric in Metric} == dict.fromkeys(Metric)


@pytest.mark.parametrize(("whole", "few"), [(29, True), (30, False)])
def test_fewer_than_thirty_are_few(whole, few):
    """The border at which an interval is called too wide."""
    assert rate(1, whole).is_of_few is few


@pytest.mark.parametrize(
    "changed", [{"part": 3}, {"low": 0.6}, {"high": 0.4}, {"high": 1.1}, {"low": -0.1}, {"value": float("nan")}]
)
def test_an_impossible_rate_is_refused(changed):
    """A damaged file can't show a rate outside its interval, or one beyond all studies."""
    with pytest.raises(ValidationError):
        Rate(**{"part": 1, "whole": 2, "value": 0.5, "low": 0.2, "high": 0.8} | changed)
