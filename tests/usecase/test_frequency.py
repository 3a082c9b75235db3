"""How often exams are made, and what of it is published."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.months import Span
from ccds_kernel.small_groups import SMALLEST
from ccds_kernel.usecase.frequency import ExamCount, Frequencies, Left, frequencies

NOW = datetime(2025, 7, 3, tzinfo=UTC)
"""May is over by more than a week, June isn't."""


def counts(code: str, **by_month: int) -> list[ExamCount]:
    """Counts of one code, the months of 2025 as m01, m02 and so on."""
    return [ExamCount(code=code, month=f"2025-{name[1:]}", count=count) for name, count in by_month.items()]


def shown(published: Frequencies, code: str) -> list[tuple[str, int]]:
    """The periods of a code, each with its exams."""
    return [(str(period), period.exams) for period in published.of(code).periods]


def test_small_months_are_put_together_and_the_last_ones_wait():
    """No number below ten stands there, nor can be worked out."""
    published, left = frequencies(counts("CXR1", m01=100, m02=4, m03=5, m04=1, m05=9), NOW)

    assert shown(published, "CXR1") == [("2025-01", 100), ("2025-02 to 2025-04", 10)]
    assert left == Left(running=0, small=())


def test_of_a_code_with_too_few_exams_only_that_is_said():
    """It is there, so that nobody takes it for one that wasn't exported."""
    published, left = frequencies([*counts("CT1", m01=4, m02=5), *counts("CXR1", m01=50)], NOW)

    assert shown(published, "CT1") == []
    assert left.small == ("CT1",)
    assert published.of("MR1") is None


def test_a_month_that_is_not_over_is_left_out():
    """Else the next publication, less this one, would be the exams of a few days."""
    published, left = frequencies(counts("CXR1", m05=30, m06=40, m07=50), NOW)

    assert shown(published, "CXR1") == [("2025-05", 30)]
    assert published.months == Span(first="2025-05", last="2025-05")
    assert left.running == 90


def test_counts_of_which_no_month_is_over_are_refused():
    """There is nothing to publish yet."""
    with pytest.raises(CcdsError, match=r"over a week ago \(before 2025-06\); found none"):
        frequencies(counts("CXR1", m06=30), NOW)


def test_the_average_is_over_all_months_of_the_export():
    """Also for a code that began later; a code that isn't there adds nothing."""
    published, _ = frequencies([*counts("CXR1", m01=100, m02=100, m04=100), *counts("CXR2", m04=20)], NOW)

    assert published.per_month(["CXR1"]) == 300 / 4
    assert published.per_month(["CXR2", "MR1"]) == 20 / 4


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["A", "B"]), st.sampled_from([f"2024-{month:02}" for month in range(1, 13)])),
        st.integers(0, 30),
        min_size=1,
    )
)
def test_whatever_is_published_is_a_sum_over_whole_periods_of_at_least_ten(exported):
    """Each period is what was exported for its months; periods don't overlap; what isn't in one is less than ten."""
    published, left = frequencies(
        [ExamCount(code=code, month=month, count=count) for (code, month), count in exported.items()], NOW
    )

    for one in published.codes:
        of_code = {month: count for (code, month), count in exported.items() if code == one.code}
        months = [month for period in one.periods for month in period.months]
        assert len(set(months)) == len(months)
        for period in one.periods:
            assert period.exams == sum(count for month, count in of_code.items() if month in period) >= SMALLEST
        assert sum(of_code.values()) - one.exams < SMALLEST
        assert (one.code in left.small) == (sum(of_code.values()) < SMALLEST)
    assert Frequencies.model_validate_json(published.to_json()) == published


def test_a_published_file_with_a_small_number_or_a_code_twice_is_none_of_ours():
    """What is read is checked to the letter: somebody may have written it by hand."""
    published, _ = frequencies(counts("CXR1", m01=10), NOW)
    written = published.to_json()

    for wrong in (
        written.replace('"exams": 10', '"exams": 9'),
        written.replace('"codes": [', '"codes": [{"code": "CXR1", "periods": []},'),
    ):
        assert wrong != written
        with pytest.raises(ValueError, match="Frequencies"):
            Frequencies.model_validate_json(wrong)
