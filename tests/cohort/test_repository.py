"""Cohorts in a project's database, on each engine."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cohort import tables
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.repository import LabelingRepository
from support.postgresql import each_engine
from support.site import ADMINISTRATOR

ALL = Criteria(frozenset({"CXR1", "CXR2"}), date(2020, 1, 1), date(2020, 12, 31))
SPRING = Criteria(frozenset({"CXR1"}), date(2020, 4, 1), date(2020, 4, 30))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[dict[str, Any]]:
    """What the site's [database] says: each engine in turn."""
    yield from each_engine(request, tmp_path / "site" / "state", schema="cxr-1")


@pytest.fixture
def project(open_as):
    """CXR-1, opened by the fellow fay."""
    return open_as("fay", Action.LOAD_REPORTS)


@pytest.fixture
def cohorts(project, load) -> CohortRepository:
    """The cohorts of CXR-1, for fay; its reports are loaded."""
    load()
    return CohortRepository(project)


def accessions(project, cohort) -> list[str]:
    """The reports of a cohort as the labeling stage gets them."""
    return [stored.report.accession for stored in LabelingRepository(project).reports(cohort)]


def events(settings, *kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What the project's chain says of such events, as (person, event, detail)."""
    entries = FileAuditSink(settings.paths.audit).entries("CXR-1")
    return [(one["person"], one["event"], one["detail"]) for one in entries if one["event"] in kinds]


def test_every_report_of_the_index_is_counted_once(cohorts):
    """Those that meet the criteria by month and code; the others by what is against them."""
    counts = cohorts.count(SPRING)

    assert counts.cells == {("CXR1", "2020-04"): 2}
    assert (counts.without_code, counts.without_date, counts.without_both, counts.others) == (1, 1, 2, 2)
    assert cohorts.count(ALL).cells == {("CXR1", "2020-01"): 1, ("CXR2", "2020-02"): 1, ("CXR1", "2020-04"): 2}


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(frozenset({"CXR1", "CT1"}), date(2020, 1, 1), date(2020, 12, 31)),
        Criteria(frozenset({"CXR1"}), date(2019, 12, 31), date(2020, 12, 31)),
        Criteria(frozenset({"CXR1"}), date(2020, 1, 1), date(2021, 1, 1)),
    ],
)
def test_what_the_application_does_not_cover_is_refused_everywhere(settings, project, cohorts, criteria):
    """Counted, kept or read as reports; each time it is a denial in the log, which names no code."""
    for ask in (cohorts.count, lambda asked: cohorts.keep("more", asked), LabelingRepository(project).reports):
        with pytest.raises(ProjectAccessDenied, match=r"that the IRB application covers \(CXR1, CXR2; 2020-01-01 to"):
            ask(criteria)

    denials = events(settings, "AccessDenied")
    assert [(person, detail["action"]) for person, _, detail in denials] == [("fay", "read reports")] * 3
    assert not any("CT1" in detail["reason"] for _, _, detail in denials)
    assert cohorts.cohorts() == ()


def test_labeling_works_on_the_reports_of_a_cohort(project, cohorts):
    """Those that meet its criteria in the order in which they were loaded; without a cohort all of them."""
    spring = cohorts.keep("spring", SPRING)

    assert accessions(project, spring.criteria) == ["A3", "A4"]
    assert len(accessions(project, None)) == 8


def test_a_cohort_is_kept_by_name_and_stays_what_it_is(settings, cohorts):
    """Kept again it is the same one; another one doesn't get its name."""
    kept = cohorts.keep("spring", SPRING)
    again = cohorts.keep("spring", SPRING)
    with pytest.raises(CcdsError, match="a cohort stays what it is"):
        cohorts.keep("spring", ALL)

    assert again == kept == cohorts.get("spring")
    assert cohorts.cohorts() == (kept,)
    assert events(settings, "CohortKept") == [("fay", "CohortKept", {"cohort_id": kept.id})]


@pytest.mark.parametrize("name", ["", "Spring", "a--b", "-a", "a b", "x" * 41, "a\nb"])
def test_a_name_that_is_none_is_refused(cohorts, name):
    """Names stand in paths and lists."""
    with pytest.raises(CcdsError, match="small letters and digits"):
        cohorts.keep(name, SPRING)


def test_a_snapshot_keeps_its_members(settings, project, cohorts, load):
    """Reports that are loaded later join the cohort, and not the snapshot."""
    kept = cohorts.keep("spring", SPRING)
    taken, is_new = cohorts.take_snapshot("spring")

    load(("A9", "CXR1", date(2020, 4, 15)))

    assert (is_new, taken.members) == (True, 2)
    assert accessions(project, taken) == ["A3", "A4"]
    assert accessions(project, kept.criteria) == ["A3", "A4", "A9"]
    assert cohorts.snapshot("spring", taken.name) == taken
    assert events(settings, "CohortSnapshotTaken") == [
        ("fay", "CohortSnapshotTaken", {"cohort_id": kept.id, "digest": taken.digest, "members": 2})
    ]


def test_the_same_members_are_the_same_snapshot(settings, cohorts, load):
    """Taken again it is known; with another member it is a new one."""
    cohorts.keep("spring", SPRING)
    first, _ = cohorts.take_snapshot("spring")
    again, is_new = cohorts.take_snapshot("spring")
    load(("A9", "CXR1", date(2020, 4, 15)))
    later, later_is_new = cohorts.take_snapshot("spring")

    assert (again, is_new) == (first, False)
    assert (later.members, later_is_new) == (3, True)
    assert cohorts.snapshots("spring") == (first, later)
    assert len(events(settings, "CohortSnapshotTaken")) == 2


def test_a_snapshot_whose_reports_were_changed_is_found_out(project, cohorts):
    """A member that meets the criteria no more would be missing without a word."""
    cohorts.keep("spring", SPRING)
    taken, _ = cohorts.take_snapshot("spring")
    with project.store.writing() as connection:
        connection.execute(update(tables.report).where(tables.report.c.accession == "A3").values(exam_code="CXR2"))

    with pytest.raises(CcdsError, match=f"the 2 reports of snapshot {taken.name} of cohort spring"):
        accessions(project, taken)


def test_a_snapshot_of_nothing_is_refused(cohorts):
    """It would be taken for a mistake later."""
    cohorts.keep("summer", Criteria(frozenset({"CXR2"}), date(2020, 7, 1), date(2020, 7, 31)))

    with pytest.raises(CcdsError, match="found none; load some first"):
        cohorts.take_snapshot("summer")


def test_an_amendment_that_takes_something_away_takes_it_from_cohorts_too(settings, project, cohorts, chest):
    """What was kept before gives no right: neither the cohort nor its snapshot."""
    kept = cohorts.keep("all", ALL)
    taken, _ = cohorts.take_snapshot("all")

    apply_application(chest(exam_codes=["CXR1"]), person=ADMINISTRATOR, settings=settings)

    for ask in (
        lambda: cohorts.count(kept.criteria),
        lambda: cohorts.take_snapshot("all"),
        lambda: accessions(project, kept.criteria),
        lambda: accessions(project, taken),
    ):
        with pytest.raises(ProjectAccessDenied, match="found CXR2;"):
            ask()


def test_a_cohort_that_is_not_there_is_told(cohorts):
    """With where to look, whatever is asked of it."""
    for ask in (cohorts.get, cohorts.take_snapshot, cohorts.snapshots):
        with pytest.raises(CcdsError, match="none called 'autumn'; see 'ccds cohort list --project CXR-1'"):
            ask("autumn")
    cohorts.keep("spring", SPRING)
    with pytest.raises(CcdsError, match="a snapshot of cohort spring; found none of that name"):
        cohorts.snapshot("spring", "0" * 12)


def test_who_may_only_read_reports_counts_and_keeps_nothing(cohorts, open_as):
    """A scientist sees cohorts and their numbers; keeping one is for who loads reports."""
    cohorts.keep("spring", SPRING)
    theirs = CohortRepository(open_as("sam", Action.READ_REPORTS))

    assert theirs.count(SPRING).reports == 2
    assert [one.name for one in theirs.cohorts()] == ["spring"]
    with pytest.raises(ProjectAccessDenied, match="a role that may load reports"):
        theirs.keep("more", ALL)
    with pytest.raises(ProjectAccessDenied, match="a role that may load reports"):
        theirs.take_snapshot("spring")
