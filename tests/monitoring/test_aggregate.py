"""Joined predictions to numbers: which month, which scanner, which software."""

from datetime import UTC, date, datetime

from ccds_kernel.monitoring.aggregate import aggregate
from ccds_kernel.monitoring.join import Joined, Outcome
from ccds_kernel.monitoring.rates import Counts, Metric, rate

LAST_MINUTE = datetime(2024, 1, 31, 23, 59, tzinfo=UTC)
NEXT_DAY = datetime(2024, 2, 1, 0, 1, tzinfo=UTC)


def many(
    count: int, outcome: Outcome, *, at: datetime, until: datetime | None = None, scanner=("CT1", "1.0")
) -> list[Joined]:
    """`count` predictions made at `at`, with reports at `until`, or at the same time."""
    return [Joined(at, None if outcome is Outcome.AWAITING else until or at, *scanner, outcome)] * count


def test_outcomes_count_in_the_report_s_month_and_volumes_in_the_prediction_s():
    """A study read in the last minute of January and reported in February is one of February's outcomes."""
    january = datetime(2024, 1, 10, tzinfo=UTC)
    studies = [
        *many(20, Outcome.TN, at=january),
        *many(10, Outcome.TP, at=LAST_MINUTE, until=NEXT_DAY),
        *many(1, Outcome.UNMATCHED, at=LAST_MINUTE, until=NEXT_DAY),
        *many(15, Outcome.TN, at=NEXT_DAY),
        *many(3, Outcome.AWAITING, at=NEXT_DAY),
    ]

    numbers = aggregate(studies)

    assert [(str(one), one.group.counts) for one in numbers.periods] == [
        ("2024-01", Counts(tn=20)),
        ("2024-02", Counts(tp=10, tn=15, unmatched=1)),
    ]
    assert [(str(one), one.predictions, one.unmatched, one.awaiting) for one in numbers.volumes] == [
        ("2024-01", 31, 1, 0),
        ("2024-02", 18, 0, 3),
    ]
    assert numbers.total.counts == Counts(tp=10, tn=35, unmatched=1)
    assert numbers.total.rates[Metric.SENSITIVITY] == rate(10, 10)
    assert numbers.total.rates[Metric.PREVALENCE] == rate(10, 45)


def test_each_software_version_stands_by_itself_from_when_it_is_seen():
    """The day is that of the first prediction; versions stand in that order, not in the alphabet's."""
    old, new = ("CT1", "9.0"), ("CT1", "10.0")
    studies = [
        *many(12, Outcome.TN, at=datetime(2024, 1, 5, tzinfo=UTC), scanner=old),
        *many(1, Outcome.FP, at=LAST_MINUTE, until=NEXT_DAY, scanner=new),
        *many(14, Outcome.TN, at=NEXT_DAY, scanner=new),
    ]

    (device,) = aggregate(studies).devices

    assert [(one.version, one.first_seen, one.total.counts) for one in device.software] == [
        ("9.0", date(2024, 1, 5), Counts(tn=12)),
        ("10.0", date(2024, 1, 31), Counts(fp=1, tn=14)),
    ]
    assert device.hidden == ()


def test_a_version_with_too_few_studies_is_not_named():
    """Neither when it is first seen: the device is said to have something that isn't shown."""
    studies = [
        *many(30, Outcome.TN, at=NEXT_DAY),
        *many(20, Outcome.TN, at=NEXT_DAY, scanner=("CT2", "1.0")),
        *many(2, Outcome.FN, at=NEXT_DAY, scanner=("CT2", "2.0")),
    ]

    first, second = aggregate(studies).devices

    assert [one.version for one in first.software] == ["1.0"]
    assert (second.software, [str(one) for one in second.hidden]) == ((), ["2024-02"])


def test_fewer_than_ten_studies_make_no_numbers():
    """However many wait for their reports."""
    numbers = aggregate([*many(9, Outcome.TP, at=NEXT_DAY), *many(50, Outcome.AWAITING, at=NEXT_DAY)])

    assert (numbers.total, numbers.periods, numbers.volumes, numbers.devices) == (None, (), (), ())
