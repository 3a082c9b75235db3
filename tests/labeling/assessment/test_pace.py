"""How long a labeler takes for a study."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.assessment.pace import PAUSE_SECONDS, pace

seconds = st.floats(0, 2 * PAUSE_SECONDS)


def test_median_and_quartiles():
    """Nine studies: the 95 % interval of the median is from the second to the second last [Conover 1999, table A3]."""
    found = pace([9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0])

    assert (found.median, found.lower_quartile, found.upper_quartile) == (5, 3, 7)
    assert (found.low, found.high) == (2, 8)
    assert (found.studies, found.pauses) == (9, 0)


def test_a_pause_is_not_work():
    """A study that was on the screen over lunch is counted apart; five minutes are still work."""
    found = pace([10.0, 20.0, PAUSE_SECONDS, PAUSE_SECONDS + 0.1, 3600.0])

    assert (found.median, found.studies, found.pauses) == (20, 3, 2)


@pytest.mark.parametrize("given_seconds", [[], [PAUSE_SECONDS + 1]])
def test_without_work_there_is_no_pace(given_seconds):
    """Nothing measured, or a pause only."""
    assert pace(given_seconds) is None


@pytest.mark.parametrize(("studies", "has_interval"), [(5, False), (6, True)])
def test_the_interval_takes_six_studies(studies, has_interval):
    """With five the median is outside all of them in 1 of 16 samples."""
    found = pace([float(one) for one in range(studies)])

    assert (found.low is not None, found.high is not None) == (has_interval, has_interval)


@given(st.lists(seconds, min_size=1, max_size=60))
def test_everything_is_in_order(measured):
    """Whatever is measured, and nothing gets lost."""
    found = pace(measured)

    if found is None:
        assert min(measured) > PAUSE_SECONDS
        return
    assert 0 <= found.lower_quartile <= found.median <= found.upper_quartile <= PAUSE_SECONDS
    assert found.studies + found.pauses == len(measured)
    if found.low is not None:
        assert found.low <= found.median <= found.high


def test_the_interval_holds_the_median_in_95_of_100_samples():
    """Log-normal seconds, as reading times are; never fewer than stated but for chance (three standard errors)."""
    random = np.random.default_rng(7)
    true, samples = 20.0, 1000

    found = [pace((true * np.exp(0.6 * random.standard_normal(25))).tolist()) for _ in range(samples)]

    held = sum(one.low <= true <= one.high for one in found) / samples
    assert held >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / samples)


def test_a_long_record_has_a_narrow_interval():
    """100,000 studies: the probabilities of the far ranks are far below what a float holds."""
    found = pace(np.linspace(0, 100, 100_001))

    assert found.high - found.low < 1
    assert found.low < found.median < found.high
