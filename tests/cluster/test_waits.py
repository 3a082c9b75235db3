"""What is said of waits: figures worked out by hand, and no wait left out."""

from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster.record import SessionRecord
from ccds_kernel.cluster.waits import Waits, median_interval, waits_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def asked(*, started_s: float | None = None, ended_s: float | None = None) -> SessionRecord:
    """A node asked for at noon that came, or was given up, so many seconds later."""
    return SessionRecord(
        person="sam",
        project="CHEST-1",
        session="chest-1-lab",
        job=JobId("1"),
        submitted=NOON,
        classes=((NOON, PriorityClass.FIRST),),
        started=None if started_s is None else NOON + timedelta(seconds=started_s),
        ended=None if ended_s is None else NOON + timedelta(seconds=ended_s),
    )


def test_each_node_that_was_asked_for_is_in_one_of_three() -> None:
    """Three came after 10, 20 and 60 s; one waits since 300 s; two were given up, the later after 100 s."""
    records = [
        *(asked(started_s=s) for s in (60, 10, 20)),
        asked(),
        asked(ended_s=100),
        asked(ended_s=5),
    ]

    found = waits_of(records, NOON + timedelta(seconds=300))

    assert found == Waits(
        came=3, median_s=20, longest_s=60, waiting=1, waiting_s=300, called_off=2, called_off_s=100
    )  # fmt: skip
    assert found.asked == len(records)


def test_nobody_s_wait_is_not_a_wait_of_zero() -> None:
    """Where no node was asked for, or none came, there is no figure."""
    assert waits_of([], NOON) == Waits()
    assert waits_of([asked()], NOON + timedelta(seconds=9)) == Waits(waiting=1, waiting_s=9)


def test_twenty_waits_have_a_percentile() -> None:
    """Of 1 to 20 s: 19 of 20 are at most 19; of nineteen, none is told."""
    twenty = [asked(started_s=s) for s in range(1, 21)]

    assert waits_of(twenty, NOON).p95_s == 19
    assert waits_of(twenty, NOON).median_s == 10.5
    assert waits_of(twenty[:19], NOON).p95_s is None


def test_a_clock_that_went_back_makes_no_negative_wait() -> None:
    """The node's clock was behind the hub's."""
    assert waits_of([asked(started_s=-2)], NOON).median_s == 0


@pytest.mark.parametrize(
    ("count", "ranks"),
    [
        (0, None),
        (5, None),  # 2·(1/2)^5 = 6.3 %
        (6, (1, 6)),  # 2·(1/2)^6 = 3.1 %
        (8, (1, 8)),  # the second: (1+8)/256 = 3.5 % on one side
        (9, (2, 8)),  # (1+9)/512 = 2.0 % on one side
        (20, (6, 15)),  # Conover's table A3
        (3000, (1446, 1555)),  # k - 1/2 ≤ 1500 - 1.96·√750 = 1446.3
    ],
)
def test_the_median_s_interval(count: int, ranks: tuple[int, int] | None) -> None:
    """By the order of the values; too few have none."""
    assert median_interval(range(1, count + 1)) == (ranks or (None, None))
