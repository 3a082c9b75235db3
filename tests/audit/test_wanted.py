"""Which entries are wanted: moments, days and denials."""

from datetime import UTC, datetime

import pytest

from ccds_kernel.audit.wanted import Wanted, moment
from ccds_kernel.errors import CcdsError


def entry(time: str, **more: str) -> dict[str, object]:
    """An entry of that time."""
    return {"time": time, "event": "ProjectOpened", "person": "ann", "project": "CHEST-1", "detail": {}} | more


def test_a_day_is_whole():
    """From its first moment to its last, by UTC."""
    times = ["2026-11-24T23:59:59.999+00:00", "2026-11-25T00:00:00.000+00:00", "2026-11-25T23:59:59.999+00:00",
             "2026-11-26T00:00:00.000+00:00"]  # fmt: skip

    found = Wanted(since=moment("2026-11-25"), until=moment("2026-11-25", end=True)).of(map(entry, times))

    assert [one["time"] for one in found] == times[1:3]


def test_an_event_that_waited_counts_by_both_its_times():
    """When it happened, as its session says, and when it was delivered: no claim hides it."""
    waited = entry("2026-11-26T08:00:00.000+00:00", claimed="2026-11-25T22:00:00.000+00:00")
    hidden = entry("2026-11-26T08:00:00.000+00:00", claimed="2001-01-01T00:00:00.000+00:00")

    assert Wanted(until=moment("2026-11-25", end=True)).of([waited]) == [waited]
    assert Wanted(since=moment("2026-11-26")).of([waited, hidden]) == [waited, hidden]
    assert Wanted(since=moment("2026-11-27")).of([waited, hidden]) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-25T14:30", datetime(2026, 11, 25, 14, 30, tzinfo=UTC)),
        ("2026-11-25 14:30:01+02:00", datetime(2026, 11, 25, 12, 30, 1, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
    ],
)
def test_a_moment_is_utc_where_it_says_no_zone(text, found):
    """A day is its first moment."""
    assert moment(text) == found


@pytest.mark.parametrize("text", ["", "25.11.2026", "2026-13-01", "now", "2026-11-25T25:00"])
def test_what_is_no_moment_is_told(text):
    """With the form that is one."""
    with pytest.raises(CcdsError, match="expected a day as 2026-11-25"):
        moment(text)


def test_the_last_day_that_there_is_has_no_end():
    """One line, no overflow."""
    with pytest.raises(CcdsError):
        moment("9999-12-31", end=True)


def test_a_line_whose_time_was_spoiled_breaks_no_search():
    """It is `verify` that names it."""
    assert Wanted(since=moment("2026-11-25")).of([entry("soon")]) == []


def test_denials_are_of_several_kinds():
    """Whatever somebody was turned away from."""
    events = ["ProjectOpened", "AccessDenied", "LoginRefused", "DownloadRefused"]

    found = Wanted(denied=True).of(entry("2026-11-25T00:00:00+00:00", event=event) for event in events)

    assert [one["event"] for one in found] == events[1:]
