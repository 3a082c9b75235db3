"""Which days belong to which month, week and day."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.cluster.period import SHOWN, Grain, periods

NEW_YEAR = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)


def test_a_report_at_new_year() -> None:
    """The running month has begun; the ISO week is the old year's last; the day is the first."""
    newest = {grain: periods(grain, NEW_YEAR)[-1] for grain in Grain}

    assert {grain: period.name for grain, period in newest.items()} == {
        "month": "2027-01",
        "week": "2026-W53",
        "day": "2027-01-01",
    }
    assert (newest[Grain.WEEK].first, newest[Grain.WEEK].end) == (date(2026, 12, 28), date(2027, 1, 4))
    assert periods(Grain.MONTH, NEW_YEAR)[0].name == "2026-01"


def test_days_are_by_utc() -> None:
    """Whatever the clock of whoever makes the report says."""
    in_boston = datetime(2026, 12, 31, 19, 30, tzinfo=timezone(timedelta(hours=-5)))

    assert periods(Grain.DAY, in_boston) == periods(Grain.DAY, NEW_YEAR)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), st.sampled_from(Grain))  # noqa: DTZ001 - of a strategy that adds UTC
def test_periods_follow_each_other_and_the_last_one_runs(now: datetime, grain: Grain) -> None:
    """Each moment is in one period, now in the last."""
    found = periods(grain, now)

    assert len(found) == SHOWN[grain]
    assert now in found[-1]
    assert all(before.ends_at == after.begins_at for before, after in pairwise(found))
