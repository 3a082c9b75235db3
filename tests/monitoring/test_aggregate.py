"""Joined predictions to numbers: which month, which scanner, which software, and what stays of it."""

from datetime import UTC, datetime

import pytest

from ccds_kernel.monitoring.aggregate import NotCounted, aggregate, not_counted
from ccds_kernel.monitoring.join import Joined, Outcome
from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.rate import rate

LAST_MINUTE = datetime(2024, 1, 31, 23, 59, tzinfo=UTC)
NEXT_DAY = datetime(2024, 2, 1, 0, 1, tzinfo=UTC)
MARCH = "2024-03"


def many(
    count: int, outcome: Outcome, *, at: datetime, until: datetime | None = None, scanner=("CT1", "1.0")
) -> list[Joined]:
    """`count` predictions made at `at`, with reports at `until`, or at the same time."""
    return [Joined(at, None if outcome is Outcome.AWAITING else until or at, *scanner, outcome)] * count


def test_a_study_counts_in_the_month_of_its_report():
    """One read in the last minute of January and reported in February is February's; one that awaits its report nobody's."""
    studies = [
        *many(20, Outcome.TN, at=datetime(2024, 1, 10, tzinfo=UTC)),
        *many(10, Outcome.TP, at=LAST_MINUTE, until=NEXT_DAY),
        *many(1, Outcome.UNMATCHED, at=LAST_MINUTE, until=NEXT_DAY),
        *many(15, Outcome.TN, at=NEXT_DAY),
        *many(3, Outcome.AWAITING, at=NEXT_DAY),
    ]

    numbers = aggregate(studies, until=MARCH)

    assert [(str(one), one.group.counts) for one in numbers.periods] == [
        ("2024-01", Counts(tn=20)),
        ("2024-02", Counts(tp=10, tn=15, unmatched=1)),
    ]
    assert numbers.total.counts == Counts(tp=10, tn=35, unmatched=1)
    assert numbers.total.rates[Metric.SENSITIVITY] == rate(10, 10)
    assert numbers.total.rates[Metric.PREVALENCE] == rate(10, 45)
    assert not_counted(studies, numbers) == NotCounted(awaiting=3, waiting=0, late=0)


def test_a_month_that_is_not_over_is_not_counted():
    """Nor in part: each night would give away its studies."""
    studies = [*many(20, Outcome.TN, at=LAST_MINUTE), *many(20, Outcome.TP, at=NEXT_DAY)]

    numbers = aggregate(studies, until="2024-02")

    assert [str(one) for one in numbers.periods] == ["2024-01"]
    assert numbers.total.counts == Counts(tn=20)
    assert not_counted(studies, numbers) == NotCounted(awaiting=0, waiting=20, late=0)


@pytest.mark.parametrize("late", [1, 9, 50])
def test_what_is_published_of_a_month_stays(late):
    """Rows that come after it, however many, aren't counted, and who loads them hears so; later months are added."""
    studies = many(20, Outcome.TN, at=LAST_MINUTE)
    before = aggregate(studies, until="2024-02")

    more = [*studies, *many(late, Outcome.FN, at=LAST_MINUTE), *many(12, Outcome.TP, at=NEXT_DAY)]
    after = aggregate(more, until=MARCH, before=before)

    assert after.periods[:1] == before.periods
    assert [(str(one), one.group.counts) for one in after.periods[1:]] == [("2024-02", Counts(tp=12))]
    assert after.total.counts == Counts(tn=20, tp=12)
    assert after.devices[0].software[0].periods == after.periods
    assert not_counted(more, after) == NotCounted(awaiting=0, waiting=0, late=late)


def test_month_by_month_comes_to_the_same_as_all_at_once():
    """Where nothing is late: also for a scanner that is hidden at first, and for one that comes later."""
    march = datetime(2024, 3, 5, tzinfo=UTC)
    studies = [
        *many(30, Outcome.TN, at=LAST_MINUTE),
        *many(3, Outcome.TP, at=LAST_MINUTE, scanner=("CT2", "1.0")),
        *many(12, Outcome.FP, at=NEXT_DAY, scanner=("CT2", "1.0")),
        *many(12, Outcome.FN, at=march, scanner=("CT0", "1.0")),
        *many(14, Outcome.TN, at=march),
    ]
    at_once = aggregate(studies, until="2024-04")

    stepwise = aggregate(studies, until="2024-02")
    for month in ("2024-02", "2024-03", "2024-04"):
        stepwise = aggregate(studies, until=month, before=stepwise)

    assert stepwise == at_once
    assert [device.device for device in at_once.devices] == ["CT0", "CT1", "CT2"]
    assert [str(span) for span in at_once.devices[2].hidden] == ["2024-01"]


def test_each_software_version_stands_by_itself_from_when_it_is_shown():
    """In the order in which they came, not in the alphabet's; the month is one in which there are enough studies."""
    old, new = ("CT1", "9.0"), ("CT1", "10.0")
    studies = [
        *many(12, Outcome.TN, at=datetime(2024, 1, 5, tzinfo=UTC), scanner=old),
        *many(1, Outcome.FP, at=LAST_MINUTE, until=NEXT_DAY, scanner=new),
        *many(14, Outcome.TN, at=NEXT_DAY, scanner=new),
    ]

    (device,) = aggregate(studies, until=MARCH).devices

    assert [(one.version, one.since, one.total.counts) for one in device.software] == [
        ("9.0", "2024-01", Counts(tn=12)),
        ("10.0", "2024-02", Counts(fp=1, tn=14)),
    ]
    assert device.hidden == ()


def test_a_version_with_too_few_studies_is_not_named():
    """The device is said to have something that isn't shown."""
    studies = [
        *many(30, Outcome.TN, at=NEXT_DAY),
        *many(20, Outcome.TN, at=NEXT_DAY, scanner=("CT2", "1.0")),
        *many(2, Outcome.FN, at=NEXT_DAY, scanner=("CT2", "2.0")),
    ]

    first, second = aggregate(studies, until=MARCH).devices

    assert [one.version for one in first.software] == ["1.0"]
    assert (second.software, [str(one) for one in second.hidden]) == ((), ["2024-02"])


def test_fewer_than_ten_studies_make_no_numbers():
    """However many wait for their reports, or have one that no phrase matches."""
    studies = [
        *many(9, Outcome.TP, at=NEXT_DAY),
        *many(50, Outcome.AWAITING, at=NEXT_DAY),
        *many(50, Outcome.UNMATCHED, at=NEXT_DAY),
    ]

    numbers = aggregate(studies, until=MARCH)

    assert (numbers.total, numbers.periods, numbers.devices) == (None, (), ())
    assert not_counted(studies, numbers) == NotCounted(awaiting=50, waiting=59, late=0)
