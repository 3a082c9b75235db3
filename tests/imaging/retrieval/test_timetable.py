"""The weekly timetable, and the pace that it sets."""

from datetime import UTC, datetime, time, timedelta

import pytest

from ccds_kernel.imaging.retrieval.pace import Throttle
from ccds_kernel.imaging.retrieval.timetable import Pace, next_change, pace_at
from ccds_kernel.settings import ArchiveSettings, HoursSettings

WEEK = ArchiveSettings(
    threads=4,
    timetable=(
        HoursSettings(days=("mon", "tue"), begin=time(7), end=time(18), threads=0),
        HoursSettings(days=("mon", "tue", "wed"), begin=time(17), end=time(0), threads=1, mb_per_second=5),
    ),
)
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week: day 0 is Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("moment", "pace"),
    [
        (at(0, 6, 59), Pace(4, None)),
        (at(0, 7), Pace(0, None)),
        (at(0, 17, 59), Pace(0, None)),
        (at(0, 18), Pace(1, 5e6)),
        (at(0, 23, 59), Pace(1, 5e6)),
        (at(1, 0), Pace(4, None)),
        (at(2, 17), Pace(1, 5e6)),
        (at(3, 12), Pace(4, None)),
    ],
)
def test_the_first_hours_that_fit_count(moment, pace):
    """Begin included, end not; midnight is the end of the day; outside of them all it is the site's usual pace."""
    assert pace_at(WEEK, moment) == pace


@pytest.mark.parametrize(
    ("moment", "change"),
    [(at(0, 6), at(0, 7)), (at(0, 7), at(0, 18)), (at(0, 20), at(1, 0)), (at(2, 18), at(3, 0)), (at(3, 0), at(7, 7))],
)
def test_when_the_pace_changes_next(moment, change):
    """The moment itself isn't one; a week is looked ahead."""
    assert next_change(WEEK, moment) == change


def test_a_pace_that_never_changes():
    """There is nothing to wait for."""
    assert next_change(ArchiveSettings(), MONDAY) is None


@pytest.mark.parametrize(("begin", "end"), [(time(18), time(7)), (time(7), time(7))])
def test_hours_over_midnight_are_two_entries(begin, end):
    """One would leave open whose night it is."""
    with pytest.raises(ValueError, match="hours over midnight are two entries"):
        HoursSettings(days=("mon",), begin=begin, end=end, threads=1)


class Clock:
    """Seconds that go by when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        """Lets them go by."""
        self.now += seconds


def test_so_many_bytes_take_so_long():
    """All together: whoever receives something pays for it."""
    clock = Clock()
    throttle = Throttle(lambda: 1000.0, clock=lambda: clock.now, wait=clock.wait)

    for _ in range(10):
        throttle.received(500)

    assert clock.now == pytest.approx(105.0)


def test_a_pause_is_not_saved_up():
    """After an hour without anything one second's worth may come at once, not an hour's."""
    clock = Clock()
    throttle = Throttle(lambda: 1000.0, clock=lambda: clock.now, wait=clock.wait)
    clock.now += 3600

    throttle.received(3000)

    assert clock.now == pytest.approx(3700.0 + 2.0)


def test_a_large_instance_is_answered_soon_and_paid_for_afterwards():
    """An archive gives up that waits for a minute; the pace holds all the same."""
    clock = Clock()
    throttle = Throttle(lambda: 1000.0, clock=lambda: clock.now, wait=clock.wait)

    throttle.received(60_000)
    answered = clock.now
    throttle.settle(lambda: False)

    assert answered == pytest.approx(105.0)
    assert clock.now == pytest.approx(160.0)


@pytest.mark.parametrize(("over", "pace"), [(True, 1000.0), (False, None)])
def test_what_is_owed_is_dropped(over, pace):
    """When the run is to end, or the hours with a pace are over."""
    clock = Clock()
    paces = [1000.0]
    throttle = Throttle(lambda: paces[0], clock=lambda: clock.now, wait=clock.wait)
    throttle.received(60_000)
    paces[0] = pace

    throttle.settle(lambda: over)

    assert clock.now == pytest.approx(105.0)


def test_without_a_pace_nobody_waits():
    """It goes as fast as it can."""
    clock = Clock()

    Throttle(lambda: None, clock=lambda: clock.now, wait=clock.wait).received(10**12)

    assert clock.now == 100.0
