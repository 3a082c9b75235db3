"""The words and numbers of the cohort app's screens."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.imaging.retrieval.findings import findings
from ccds_kernel.imaging.retrieval.run import Run
from ccds_kernel.imaging.retrieval.timetable import Pace
from ccds_widgets.cohort.fetch.shown import pace_shown, worker_shown
from ccds_widgets.cohort.findings_shown import MOST_ROWS, count_ticks, findings_shown

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)  # a Monday
QUERY = ArchiveQuery(frozenset({"CT"}), date(2024, 1, 1), date(2024, 2, 29))
CRITERIA = VersionedCriteria("HEAD-1", "heads", 1, Criteria(QUERY.exam_codes, QUERY.first, QUERY.last))


@pytest.mark.parametrize(
    ("pace", "change", "said"),
    [
        (Pace(1, None), None, "1 study at once."),
        (Pace(4, 5e6), NOW.replace(hour=19), "4 studies at once, at most 5 MB/s together, until 19:00."),
        (Pace(0, None), NOW + timedelta(hours=16), "Nothing is fetched at this hour, until Tuesday 04:00."),
    ],
)
def test_the_timetable_says_what_it_allows_and_until_when(pace, change, said):
    """With the day where that isn't today."""
    assert pace_shown(pace, change, NOW) == said


def test_why_a_worker_ended_is_a_sentence():
    """As its person reads it elsewhere; nothing is said of how fast one was that ended."""
    run = Run("eve", NOW, NOW, 5_000_000, 2e6, NOW, "expected room; found none; make some", stops=True)

    told = worker_shown(run, NOW)

    assert (told["life"], told["why"]) == ("ended", "Expected room; found none; make some.")
    assert (told["mb"], told["mb_per_s"], told["stops"]) == (5.0, None, False)
    assert worker_shown(None, NOW) is None


def test_what_the_archive_does_not_say_is_counted_as_not_said():
    """Without a date, a code, a scanner: undecided, and in no month."""
    found = findings(QUERY, [StudyFound("1", "A", None), StudyFound("2", "B", None, ("CT",), date(2024, 2, 1))])

    shown = findings_shown(found, CRITERIA)

    assert (shown["studies"], shown["undecided"], shown["without_month"], shown["instances"]) == (2, 1, 1, None)
    assert [one["number"] for one in shown["months"]] == [0, 1]
    codes = shown["tables"][0]["rows"]
    assert {(row["name"], row["unknown"]) for row in codes} == {("?", True), ("CT", False)}


def test_a_long_table_says_how_many_more_there_are():
    """The largest numbers first."""
    studies = [StudyFound(f"{n}", "A", None, ("CT",), date(2024, 1, 1), scanner=f"S{n % 500}") for n in range(600)]

    (_, _, scanners) = findings_shown(findings(QUERY, studies), CRITERIA)["tables"]

    assert (len(scanners["rows"]), scanners["more"]) == (MOST_ROWS, 300)
    assert [row["number"] for row in scanners["rows"]][:100] == [2] * 100


@pytest.mark.parametrize("most", [0, 1, 2, 3, 7, 10, 99, 101, 2345, 10**6])
def test_an_axis_holds_its_numbers_with_few_marks(most):
    """From 0, evenly, whole numbers."""
    ticks = count_ticks(most)

    assert ticks[0] == 0
    assert ticks[-1] >= max(most, 1)
    assert len(ticks) <= 6
    assert len({after - before for before, after in pairwise(ticks)}) == 1
