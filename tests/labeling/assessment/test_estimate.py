"""The intervals of statistics of agreement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ccds_kernel.labeling.assessment.estimate import Estimate, corrected, share, specific
from ccds_kernel.rate import Z, wilson

MANY = 10**9


@given(observed=st.floats(0.2, 0.8), chance=st.floats(0.0, 0.55), error=st.floats(0.0005, 0.001))
def test_with_many_studies_it_is_the_textbook_interval(observed, chance, error):
    """± 1.96 standard errors of the coefficient, whatever chance is: far from -1, below which there is none."""
    found = corrected(observed, chance, error, MANY, capped=True)

    assert found.value == pytest.approx((observed - chance) / (1 - chance), abs=1e-6)
    assert (found.low, found.high) == pytest.approx((found.value - Z * error, found.value + Z * error), abs=1e-4)


@given(value=st.floats(0.2, 0.8), error=st.floats(0.0005, 0.001))
def test_shares_and_specific_agreement_too(value, error):
    """By another way, to the same end."""
    for of in (share, specific):
        found = of(value, error, MANY)
        assert (found.low, found.high) == pytest.approx((value - Z * error, value + Z * error), abs=1e-4)


def test_a_share_of_independent_studies_has_wilsons_interval():
    """Its standard error is √(p(1-p)/n), so that n* is n."""
    found = share(0.9, (0.9 * 0.1 / 50) ** 0.5, 50)

    assert (found.low, found.high) == pytest.approx(wilson(45, 50), abs=1e-6)


@pytest.mark.parametrize(("capped", "like"), [(True, 50), (False, 5000)])
def test_a_standard_error_that_is_far_too_small_is_not_believed_where_capped(capped, like):
    """The interval is then that of the 50 studies, as if each were right or wrong by itself."""
    error = (0.9 * 0.1 / 5000) ** 0.5 / (1 - 0.5)
    low, high = wilson(0.9 * like, like)

    found = corrected(0.9, 0.5, error, 50, capped=capped)

    assert (found.low, found.high) == pytest.approx(((low - 0.5) / 0.5, (high - 0.5) / 0.5), abs=1e-6)


def test_an_interval_ends_at_minus_one_unless_its_value_is_below():
    """Where chance is high the lower end would go on; a value below comes of studies rated by one."""
    assert corrected(0.5, 0.9, 5.0, 4, capped=True).low == -4.0
    assert corrected(0.9, 0.9, 5.0, 4, capped=True).low == -1.0


@pytest.mark.parametrize("changed", [{"low": 0.6}, {"high": 0.4}, {"high": 1.1}, {"value": float("nan")}])
def test_an_impossible_estimate_is_refused(changed):
    """A value outside its interval, an end beyond 1, no number."""
    with pytest.raises(ValidationError):
        Estimate(**{"value": 0.5, "low": 0.2, "high": 0.8, "standard_error": 0.1, "studies": 9} | changed)
