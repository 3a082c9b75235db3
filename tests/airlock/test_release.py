"""What leaves: approved content, by its hash, as the audit log knows it."""

import json
import sqlite3

import pytest
from sqlalchemy import text, update

from ccds_kernel.airlock import rows, tables
from ccds_kernel.airlock.release import release
from ccds_kernel.airlock.submission import Review, State, Verdict, reviewed
from ccds_kernel.audit.events.airlock import ResultReviewed
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from support.airlock import PROJECT, REASON, ROSTER, SECRET, TABLE
from support.site import ADMINISTRATOR, on_roster


@pytest.fixture
def approved(submit, approve):
    """A table that sue and cher approved."""
    return approve(submit().submission, "sue", "cher")


@pytest.fixture
def place(settings):
    """Where the project's released results lie."""
    return settings.airlock.released / PROJECT


@pytest.fixture
def let_out(as_):
    """Releases as somebody."""
    return lambda submission, person=ADMINISTRATOR: release(as_(person).visitor, submission.id)


def test_an_approved_result_is_released_with_what_it_is(approved, let_out, place, as_, events):
    """Its files, and beside them who made it and who approved it."""
    folder = let_out(approved)

    told = json.loads((folder / "airlock.json").read_text())
    assert (folder, (folder / "table.csv").read_text()) == (place / approved.id, TABLE)
    assert {name: told[name] for name in ("project", "author", "reason", "approved_by", "released_by", "digest")} == {
        "project": PROJECT,
        "author": "sam",
        "reason": REASON,
        "approved_by": ["sue", "cher"],
        "released_by": ADMINISTRATOR,
        "digest": approved.digest,
    }
    assert as_("sam").get(approved.id).state is State.RELEASED
    assert events()[-1][:2] == (ADMINISTRATOR, "ResultReleased")
    with pytest.raises(CcdsError, match="found one that is released"):
        let_out(approved)


@pytest.mark.parametrize("person", ["sam", "sue"])
def test_only_an_administrator_releases(approved, let_out, place, person):
    """Neither author nor reviewer."""
    with pytest.raises(SiteAccessDenied):
        let_out(approved, person)

    assert not place.exists()


def test_what_one_person_approved_is_not_released(submit, approve, let_out, place):
    """Nor what nobody did."""
    with pytest.raises(CcdsError, match="found one that is submitted, with 1"):
        let_out(approve(submit().submission, "sue"))

    assert not place.exists()


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_changed_file_is_not_released(approved, let_out, place, settings, when):
    """Approved is a content, not a name; half a copy is gone again."""
    path = settings.paths.projects / PROJECT / "airlock" / approved.id / "table.csv"
    path.chmod(0o640)
    path.write_text(TABLE.replace("A", "B") if when == "before" else TABLE[:-1])

    with pytest.raises(CcdsError, match="found another content: its hash"):
        let_out(approved)

    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"egress": "locked"}, "'egress: locked'"), ({"withdrawn": "2021-01-01"}, "withdrawn on 2021-01-01"),
        ({"expires": "2021-01-01"}, "expired on 2021-01-01"),
        ({"roster": [one for one in ROSTER if one["person"] != "cher"]}, "somebody who approved may not any more"),
        ({"roster": [*(one for one in ROSTER if one["person"] != "cher"), *on_roster(cher="labeler")]}, "may not any more"),
    ],
)  # fmt: skip
def test_what_the_application_no_longer_allows_is_not_released(approved, let_out, amend, changed, told):
    """Locked, withdrawn, expired, or without one of those who approved."""
    amend(**changed)

    with pytest.raises(CcdsError, match=told):
        let_out(approved)


def test_another_approval_takes_the_place_of_one_that_fell(approved, approve, amend, let_out):
    """A reviewer who left is replaced by one who is there."""
    amend(roster=[one for one in ROSTER if one["person"] != "cher"])

    approve(approved, "eve")

    assert let_out(approved).is_dir()


def test_approvals_that_the_audit_log_does_not_know_count_for_nothing(submit, as_, let_out, place):
    """A member with write access to the database puts in two reviews: the log has none of them."""
    submission = submit().submission
    with as_("sam").visitor.project.airlock_store.writing() as connection:
        after = submission
        for person in ("sue", "cher"):
            after = reviewed(after, Review(person, Verdict.APPROVE, "Looked at all of it.", submission.at))
            rows.add_review(connection, after)

    with pytest.raises(CcdsError, match="to stand in the audit log as in the project's database"):
        let_out(submission)

    assert not place.exists()


def test_one_approval_counts_once_however_often_the_database_has_it(submit, approve, as_, let_out, place):
    """Whoever owns the file can make its table anew without a key, and double the only approval."""
    submission = approve(submit().submission, "sue")
    with as_("sam").visitor.project.airlock_store.writing() as connection:
        for statement in (
            "CREATE TABLE doubled AS SELECT * FROM airlock_review UNION ALL SELECT * FROM airlock_review",
            "DROP TABLE airlock_review",
            "ALTER TABLE doubled RENAME TO airlock_review",
            "UPDATE airlock_submission SET state = 'approved'",
        ):
            connection.execute(text(statement))

    with pytest.raises(CcdsError, match="expected one review of each person, and none by the author"):
        let_out(submission)

    assert not place.exists()


def test_approvals_are_counted_in_the_log(submit, approve, as_, let_out, place):
    """A state that was forged beside one true approval releases nothing, nor does a second one by the author."""
    submission = approve(submit().submission, "sue")
    project = as_("sam").visitor.project
    with project.airlock_store.writing() as connection:
        connection.execute(update(tables.submission).values(state="approved"))

    with pytest.raises(CcdsError, match="expected 2 approvals of people who may review; found 1"):
        let_out(submission)
    project.audit.write(
        ResultReviewed(
            person="sam", project=PROJECT, submission=submission.id, digest=submission.digest, verdict="approve"
        )
    )
    with pytest.raises(CcdsError, match="to stand in the audit log"):
        let_out(submission)

    assert not place.exists()


@pytest.mark.parametrize(
    "values",
    [{"author": "eve"}, {"reason": f"{REASON} And more."}, {"kind": "figure"}],
    ids=lambda values: next(iter(values)),
)
def test_a_submission_that_was_rewritten_is_another_one(approved, as_, let_out, values):
    """The digest that was approved covers author, kind and reason."""
    with as_("sam").visitor.project.airlock_store.writing() as connection:
        connection.execute(update(tables.submission).values(**values))

    with pytest.raises(CcdsError, match="to stand in the audit log"):
        let_out(approved)


def test_what_was_refused_is_not_released_by_a_forged_state(approved, as_, let_out):
    """The log knows of the refusal."""
    as_("eve").review(approved.id, approved.digest, Verdict.REFUSE, "Line 2 is wrong.")
    with as_("sam").visitor.project.airlock_store.writing() as connection:
        connection.execute(update(tables.submission).values(state="approved"))
        connection.execute(tables.review.delete().where(tables.review.c.reviewer == "eve"))

    with pytest.raises(CcdsError, match="or another end"):
        let_out(approved)


def test_a_log_that_was_tampered_with_lets_nothing_out(approved, let_out, settings):
    """The chain is walked first."""
    log = settings.paths.audit / f"{PROJECT}.jsonl"
    log.write_text(log.read_text().replace('"verdict":"approve"', '"verdict":"refuse"', 1))

    with pytest.raises(CcdsError, match="expected an unbroken audit chain"):
        let_out(approved)


def test_reports_that_came_later_are_known_at_the_release(approved, let_out, site, place):
    """The scan is run once more on the copy."""
    project = open_project(PROJECT, Action.LOAD_REPORTS, person="fay", settings=site)
    LabelingRepository(project).load_reports([Report("ACC999", (Section("findings", f"{TABLE} {SECRET}"),))])
    project.store.close()

    with pytest.raises(CcdsError, match="nothing in it that may not leave; found 1 finding"):
        let_out(approved)

    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_section SET text = 'x'", "DELETE FROM report_section", "UPDATE report SET accession = 'B' || accession",
        "UPDATE report SET id = id + 100", "UPDATE report_section SET report_id = report_id + 100",
    ],
)  # fmt: skip
def test_reports_that_were_changed_hide_nothing(*, submit, approve, let_out, place, results, settings, statement):
    """Who may write the table takes a report's words out of it, submits these and has them approved: the log has the hash."""
    file = settings.paths.projects / PROJECT / "project.db"
    with sqlite3.connect(file) as database:
        saved = [database.execute(f"SELECT * FROM {name}").fetchall() for name in ("report", "report_section")]  # noqa: S608 - our own names
        database.execute(statement)
    (results / "notes.md").write_text(SECRET)
    names = ("notes.md",) if "text" in statement or "DELETE" in statement else ("table.csv",)
    submission = approve(submit(*names).submission, "sue", "eve")

    with pytest.raises(CcdsError, match="expected the project's reports as they were loaded; found 1 load"):
        let_out(submission)

    assert list(place.iterdir()) == []
    with sqlite3.connect(file) as database:
        for name, rows_ in zip(("report", "report_section"), saved, strict=True):
            database.execute(f"DELETE FROM {name}")  # noqa: S608 - see above
            database.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(rows_[0]))})", rows_)  # noqa: S608 - see above
    if names == ("notes.md",):
        with pytest.raises(CcdsError, match="nothing in it that may not leave"):
            let_out(submission)
    else:
        assert let_out(submission).is_dir()


def test_without_a_place_nothing_is_released(approved, as_, settings):
    """The line says which key is missing."""
    visitor = as_(ADMINISTRATOR).visitor
    without = settings.model_copy(update={"airlock": settings.airlock.model_copy(update={"released": None})})

    with pytest.raises(CcdsError, match=r"found no \[airlock\] released in ccds\.toml"):
        release(type(visitor)(visitor.project, without, is_administrator=True), approved.id)


def test_a_release_that_a_crash_cut_short_is_done_again(approved, let_out, place):
    """The folder was in its place, and the row wasn't: the same content takes its place."""
    (place / approved.id).mkdir(parents=True)
    (place / approved.id / "table.csv").write_text("half")
    (place / f".{approved.id}").mkdir()

    folder = let_out(approved)

    assert (folder / "table.csv").read_text() == TABLE
    assert [path.name for path in place.iterdir()] == [approved.id]
