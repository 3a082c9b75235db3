"""Reports and phrases in a project's database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling import tables
from ccds_kernel.labeling.phrase import MOST_PHRASES, Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import Appended, LabelingRepository, Loaded
from support.postgresql import each_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[dict[str, Any]]:
    """What the site's [database] says: each engine in turn."""
    yield from each_engine(request, tmp_path / "site" / "state", schema="chest-1")


@pytest.fixture
def project(open_as):
    """CHEST-1, opened by the fellow fay."""
    return open_as("fay", Action.OPEN_LABELING)


@pytest.fixture
def repository(project):
    """The rows of CHEST-1, for the fellow fay."""
    return LabelingRepository(project)


def report(accession: str, *texts: str, exam_code: str | None = None, study_date: date | None = None) -> Report:
    """A report with sections named s0, s1 and so on."""
    sections = tuple(Section(f"s{number}", text) for number, text in enumerate(texts))
    return Report(accession, sections, exam_code, study_date)


def listed(repository: LabelingRepository) -> list[str]:
    """The texts of the phrase list in order."""
    return [stored.phrase.text for stored in repository.phrases()]


def positions(project) -> list[int]:
    """The positions in the table, as they stand."""
    with project.store.reading() as connection:
        return list(connection.scalars(select(tables.phrase.c.position).order_by(tables.phrase.c.position)))


def test_reports_come_back_in_order_and_word_for_word(repository):
    """What was loaded is read in the order of loading, every character as it came, under a study key."""
    loaded = [
        report("B9", " no\r\neffusion,\u00a0“x” ", ""),
        report("A1", "", "\U0001d522\tß", study_date=date(2020, 5, 1)),
    ]

    counts = repository.load_reports(loaded)

    stored = repository.reports()
    assert counts == Loaded(added=2)
    assert [entry.report for entry in stored] == loaded
    assert all(len(entry.study_key) == 16 and entry.report.accession not in entry.study_key for entry in stored)


def test_more_reports_than_one_statement_takes_keep_their_order(repository):
    """Reports are written in batches; the order spans them."""
    loaded = [report(f"A{number * 7919 % 1201}", f"text {number}") for number in range(1201)]

    repository.load_reports(iter(loaded))

    assert [entry.report for entry in repository.reports()] == loaded


def test_loading_the_same_again_changes_nothing(repository):
    """A second load of the same reports, and a report that comes twice in one load, are known."""
    loaded = [report("A1", "x"), report("A2", "y"), report("A1", "x")]
    first = repository.load_reports(loaded)
    before = repository.reports()

    second = repository.load_reports(loaded)

    assert (first, second) == (Loaded(added=2, known=1), Loaded(known=3))
    assert repository.reports() == before


@pytest.mark.parametrize(
    "other",
    [
        report("A1", "another text", exam_code="CXR1"),
        report("A1", "x", "one more section", exam_code="CXR1"),
        report("A1", "x", exam_code="CXR2"),
    ],
)
def test_another_report_under_a_known_accession_is_a_conflict(repository, other):
    """Nothing is overwritten: the report that came first stays, in the database and within one load."""
    first = report("A1", "x", exam_code="CXR1")

    counts = [repository.load_reports([first, other]), repository.load_reports([other])]

    assert counts == [Loaded(added=1, contradicting=1), Loaded(conflicting=1)]
    assert [entry.report for entry in repository.reports()] == [first]


def test_what_the_application_does_not_cover_stays_out(repository):
    """Other exam codes, other dates, and unknown ones where they are needed, are beyond the application; blank ones are empty."""
    day, late = date(2020, 12, 31), date(2021, 1, 1)
    reports = [
        report("A1", "x", exam_code="CXR1", study_date=day),
        report("A2", "x", exam_code="CT1", study_date=day),
        report("A3", "x", exam_code="CXR1", study_date=late),
        report("A4", "x", study_date=day),
        report("A5", "x", exam_code="CXR1"),
        report("A6", " \n", exam_code="CXR2", study_date=day),
    ]

    needed = repository.load_reports(reports, code_needed=True, date_needed=True)
    not_needed = repository.load_reports(reports)

    assert needed == Loaded(added=1, beyond=4, empty=1)
    assert not_needed == Loaded(added=2, known=1, beyond=2, empty=1)


def test_loading_is_audited_without_accession_numbers(project, repository):
    """The log has who and how many; what was left out is refused. What was added is sealed, where something was."""
    repository.load_reports([report("SECRET-1", "x"), report("SECRET-1", "y"), report("SECRET-2", "")])

    entries = list(project.audit.entries("CHEST-1"))

    assert [(one["event"], one["person"]) for one in entries[-2:]] == [
        ("ReportsLoaded", "fay"),
        ("ReportsSealed", "fay"),
    ]
    assert entries[-2]["detail"] == {"added": 1, "known": 0, "refused": 2}
    assert (entries[-1]["detail"]["first"], entries[-1]["detail"]["last"]) == (1, 1)
    assert "SECRET" not in str(entries)
    repository.load_reports([report("SECRET-1", "x")])
    assert list(project.audit.entries("CHEST-1"))[-1]["event"] == "ReportsLoaded"


def test_a_phrase_remembers_who_made_it_and_when(repository):
    """Author and time (UTC) come with the phrase."""
    before = datetime.now(UTC)

    stored = repository.insert_phrase(Phrase("No  Effusion", "negative", negatable=True), 0)

    assert repository.phrases() == (stored,)
    assert (stored.phrase, stored.created_by) == (Phrase("No  Effusion", "negative", negatable=True), "fay")
    assert before <= stored.created_at <= datetime.now(UTC)


def test_each_change_of_the_list_is_an_audit_event(project, repository):
    """Inserted, moved, edited, removed: each names the phrase by an id that is never given twice."""
    one = repository.insert_phrase(Phrase("one", "x"), 0)
    repository.move_phrase(one.id, 0)
    repository.replace_phrase(one.id, Phrase("ONE", "y"))
    repository.remove_phrase(one.id)
    again = repository.insert_phrase(Phrase("one", "x"), 0)

    entries = [entry["detail"] for entry in project.audit.entries("CHEST-1") if entry["event"] == "PhraseChanged"]

    assert again.id != one.id
    assert [(entry["change"], entry["phrase_id"]) for entry in entries] == [
        ("inserted", one.id), ("moved", one.id), ("edited", one.id), ("removed", one.id), ("inserted", again.id)
    ]  # fmt: skip


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from("irme"), st.integers(0, 7), st.integers(0, 7)), max_size=12))
def test_the_list_is_what_a_python_list_would_be(repository, project, changes):
    """After any changes the order is that of a list with the same changes, and positions have no gap."""
    for stored in repository.phrases():
        repository.remove_phrase(stored.id)
    expected: list[tuple[int, str]] = []
    for number, (change, one, other) in enumerate(changes):
        name, at = f"phrase {number}", one % max(1, len(expected))
        if change == "i" or not expected:
            position = one % (len(expected) + 1)
            stored = repository.insert_phrase(Phrase(name, "x"), position)
            expected.insert(position, (stored.id, name))
        elif change == "r":
            repository.remove_phrase(expected.pop(at)[0])
        elif change == "m":
            entry = expected.pop(at)
            position = other % (len(expected) + 1)
            repository.move_phrase(entry[0], position)
            expected.insert(position, entry)
        else:
            repository.replace_phrase(expected[at][0], Phrase(name, "x"))
            expected[at] = (expected[at][0], name)

    stored = repository.phrases()

    assert [(entry.id, entry.phrase.text) for entry in stored] == expected
    assert positions(project) == list(range(len(expected)))


def test_two_people_editing_at_once_keep_one_order(open_as, project):
    """Every phrase of both is on the list once, each person's own in the order in which they put them there."""
    people = ["fay", "fred"]
    repositories = [LabelingRepository(open_as(person, Action.OPEN_LABELING)) for person in people]

    def insert_on_top(number: int) -> None:
        for count in range(15):
            repositories[number].insert_phrase(Phrase(f"{people[number]} {count}", "x"), 0)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(insert_on_top, range(2)))

    texts = listed(repositories[0])
    assert [text for text in texts if text.startswith("fay")] == [f"fay {count}" for count in reversed(range(15))]
    assert [text for text in texts if text.startswith("fred")] == [f"fred {count}" for count in reversed(range(15))]
    assert positions(project) == list(range(30))


def test_two_people_cannot_put_the_same_phrase_on_the_list(open_as):
    """Of two who insert the same words at once one is refused."""
    repositories = [LabelingRepository(open_as(person, Action.OPEN_LABELING)) for person in ("fay", "fred")]

    def insert(repository: LabelingRepository) -> bool:
        try:
            repository.insert_phrase(Phrase("No effusion", "negative"), 0)
        except CcdsError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(insert, repositories))

    assert sorted(done) == [False, True]
    assert listed(repositories[0]) == ["No effusion"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda _one, repository: repository.insert_phrase(Phrase("ONE", "x"), 0), "the one at place 1 again"),
        (lambda _one, repository: repository.insert_phrase(Phrase("new", "x"), 3), "place 4"),
        (lambda one, repository: repository.move_phrase(one.id, 2), "place 3"),
        (lambda one, repository: repository.move_phrase(one.id, -1), "place 0"),
        (lambda one, repository: repository.move_phrase(one.id + 99, 0), "none, as somebody removed it"),
        (lambda one, repository: repository.remove_phrase(one.id + 99), "none, as somebody removed it"),
        (
            lambda one, repository: repository.replace_phrase(one.id + 99, Phrase("new", "x")),
            "none, as somebody removed it",
        ),
        (lambda one, repository: repository.replace_phrase(one.id, Phrase("two", "x")), "the one at place 2 again"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_leaves_no_trace(repository, project, change, found):
    """Twice the same words, a place that isn't there, a phrase that is gone: one line, list and log as before."""
    one = repository.insert_phrase(Phrase("one", "x"), 0)
    repository.insert_phrase(Phrase("two", "x"), 1)
    before = repository.phrases(), list(project.audit.entries("CHEST-1"))

    with pytest.raises(CcdsError) as error:
        change(one, repository)

    assert error.value.found.startswith(found)
    assert (repository.phrases(), list(project.audit.entries("CHEST-1"))) == before


def test_what_cannot_be_logged_is_not_done(repository, project):
    """Where the audit log can't be written the list stays as it was."""
    log = project.audit.folder / "CHEST-1.jsonl"
    log.unlink()
    log.mkdir()

    with pytest.raises(CcdsError) as error:
        repository.insert_phrase(Phrase("one", "x"), 0)

    assert error.value.expected == "to write the audit log"
    assert repository.phrases() == ()


def test_appended_phrases_come_below_and_change_nothing(repository):
    """New ones follow in their order; those that are there stay, with their label and options."""
    repository.insert_phrase(Phrase("one", "x"), 0)

    counts = repository.append_phrases(
        [
            *(Phrase("two", "x"), Phrase("ONE", "x"), Phrase("Two", "y"), Phrase("three", "y")),
            *(Phrase("one", "x", negatable=True), Phrase("three", "y", uncertain_label="perhaps")),
        ]
    )

    assert counts == Appended(added=2, known=1, conflicting=1, differing=2, conflicting_at=(2,), differing_at=(4, 5))
    assert [stored.phrase for stored in repository.phrases()] == [
        Phrase("one", "x"), Phrase("two", "x"), Phrase("three", "y")
    ]  # fmt: skip


def test_a_list_longer_than_an_index_takes_is_refused(repository, project):
    """The app could not open it, nor anybody shorten it there: nothing of it is added, and nothing logged."""
    before = list(project.audit.entries("CHEST-1"))

    with pytest.raises(CcdsError) as error:
        repository.append_phrases(Phrase(f"phrase {number}", "x") for number in range(MOST_PHRASES + 1))

    assert error.value.expected == "at most 32000 phrases"
    assert repository.phrases() == ()
    assert list(project.audit.entries("CHEST-1")) == before


@pytest.mark.parametrize(
    ("use", "allowed"),
    [
        (lambda repository: repository.reports(), True),
        (lambda repository: repository.phrases(), True),
        (lambda repository: repository.load_reports([]), False),
        (lambda repository: repository.insert_phrase(Phrase("one", "x"), 0), False),
        (lambda repository: repository.append_phrases([]), False),
        (lambda repository: repository.replace_phrase(1, Phrase("one", "x")), False),
        (lambda repository: repository.move_phrase(1, 0), False),
        (lambda repository: repository.remove_phrase(1), False),
    ],
)
def test_every_use_is_authorised_again(open_as, use, allowed):
    """A scientist who came in to read reads, and changes nothing: the door is not the only check."""
    repository = LabelingRepository(open_as("sam", Action.READ_REPORTS))

    if allowed:
        assert use(repository) == ()
    else:
        with pytest.raises(ProjectAccessDenied):
            use(repository)
