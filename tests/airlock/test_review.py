"""Reviewing submissions: who may, in which order, what of a file is read, and what is written down of it."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.finding import Severity
from ccds_kernel.airlock.submission import State, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from support.airlock import PROJECT, ROSTER, SECRET, TABLE, WHY
from support.site import ADMINISTRATOR, on_roster


def test_two_others_approve_a_result(submit, approve, events):
    """Each step is in the log with the digest of what was looked at."""
    submission = submit().submission

    after = approve(submission, "sue", "cher")

    assert after.state is State.APPROVED
    assert [(person, event, detail.get("verdict")) for person, event, detail in events()] == [
        ("sam", "ResultSubmitted", None),
        ("sue", "ResultReviewed", "approve"),
        ("cher", "ResultReviewed", "approve"),
    ]
    assert {(detail["submission"], detail["digest"]) for *_, detail in events()} == {(submission.id, submission.digest)}


def test_one_refusal_ends_it(submit, approve, as_, events):
    """Nobody approves it any more, and its author knows why."""
    submission = submit().submission
    approve(submission, "sue")

    as_("cher").review(submission.id, submission.digest, Verdict.REFUSE, "Line 2 is of one scanner only.")

    with pytest.raises(CcdsError, match="found one that is refused"):
        approve(submission, "eve")
    assert as_("sam").get(submission.id).reviews[-1].reason == "Line 2 is of one scanner only."
    assert [event for _, event, _ in events()][-2:] == ["ResultReviewed", "ResultRefused"]


@pytest.mark.parametrize(
    ("people", "told"),
    [
        (["sam"], "a reviewer other than the author"), (["sue", "sue"], "one review of each person"),
        (["fay"], "a role that may review results"), (["lars"], "a role that may"), (["nobody"], "nobody on the roster"),
        ([ADMINISTRATOR], "a first approval by somebody on the roster"),
        (["sue", ADMINISTRATOR, "sue"], "one review of each person"),
    ],
)  # fmt: skip
def test_who_may_not_review_is_refused(submit, approve, as_, people, told):
    """The author, the same person twice, other roles, strangers, an administrator as the first."""
    submission = submit().submission

    with pytest.raises(CcdsError, match=told):
        approve(submission, *people)

    assert len(as_("sam").get(submission.id).approvals) < len(people)


def test_an_administrator_may_be_the_second(submit, approve):
    """For a project with few people; on record as one who isn't on the roster."""
    after = approve(submit().submission, "sue", ADMINISTRATOR)

    assert (after.state, [one.as_administrator for one in after.approvals]) == (State.APPROVED, [False, True])


def test_whoever_leaves_the_roster_reviews_nothing_more(submit, as_, amend):
    """Asked at each step, not when the page was opened."""
    submission = submit().submission
    airlock = as_("sue")
    amend(roster=[entry for entry in ROSTER if entry["person"] != "sue"])

    for step in (
        airlock.submissions,
        lambda: airlock.show(submission.id),
        lambda: airlock.read(submission, submission.files[0]),
        lambda: airlock.review(submission.id, submission.digest, Verdict.APPROVE, WHY),
    ):
        with pytest.raises(ProjectAccessDenied, match="expected sue on the roster"):
            step()
    assert not airlock.may_review(submission)


def test_an_author_sees_their_own_and_a_reviewer_all(submit, as_):
    """A fellow submits and doesn't review: what others submit is not for her."""
    mine = submit(person="fay").submission
    other = submit().submission

    assert [one.id for one in as_("fay").submissions()] == [mine.id]
    assert {one.id for one in as_("cher").submissions()} == {mine.id, other.id}
    for hidden in (other.id, "0" * 12, "../../etc", ""):
        with pytest.raises(CcdsError, match="expected the id of a submission of this project; found another one"):
            as_("fay").get(hidden)


def test_that_somebody_looked_is_in_the_log(submit, as_, events):
    """With the findings made anew."""
    submission = submit().submission

    shown, findings = as_("sue").show(submission.id)

    assert (shown, findings) == (submission, ())
    assert events()[-1][:2] == ("sue", "ResultShown")


def test_the_scan_reads_reports_only_for_who_may(submit, as_, amend):
    """A champion reviews without reading reports, and is told what wasn't looked for; where there are none there is nothing to
    tell.
    """
    submission = submit().submission

    _, by_champion = as_("cher").show(submission.id)
    amend(data=["images"])
    _, without_reports = as_("cher").show(submission.id)

    (finding,) = by_champion
    assert (finding.severity, finding.what.startswith("nobody looked for words of reports")) == (Severity.WARN, True)
    assert without_reports == ()


@pytest.mark.parametrize("content", [TABLE.replace("120", "121"), TABLE + "C,1,1\n", "", "x" * len(TABLE)])
def test_a_file_that_was_changed_is_not_approved(submit, approve, drop, as_, content):
    """Its owner can make it writable again; what is another content by its hash is no longer what was submitted."""
    submission = submit().submission
    path = drop / submission.id / "table.csv"
    path.chmod(0o640)
    path.write_text(content)

    for step in (
        lambda: approve(submission, "sue"),
        lambda: as_("sue").show(submission.id),
        lambda: as_("sue").read(submission, submission.files[0]),
    ):
        with pytest.raises(CcdsError, match=r"expected table\.csv as it was submitted; found another content"):
            step()
    assert as_("sue").review(submission.id, submission.digest, Verdict.REFUSE, WHY).state is State.REFUSED


@pytest.mark.parametrize("kind", ["link", "pipe", "gone"])
def test_a_file_that_became_something_else_is_not_read(submit, as_, drop, tmp_path, kind):
    """Not through a link, even to the same bytes; and a pipe is not waited for."""
    submission = submit().submission
    folder = drop / submission.id
    folder.chmod(0o750)
    (folder / "table.csv").rename(tmp_path / "elsewhere")
    if kind == "link":
        (folder / "table.csv").symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(folder / "table.csv")

    with pytest.raises(CcdsError):
        as_("sue").read(submission, submission.files[0])


def test_a_review_is_of_what_was_looked_at(submit, as_):
    """A digest of anything else is refused."""
    submission = submit().submission

    with pytest.raises(CcdsError, match="expected a review of what is submitted"):
        as_("sue").review(submission.id, "0" * 64, Verdict.APPROVE, WHY)


def at_once(airlocks: list[Airlock], submission) -> list[object]:
    """What becomes of approvals that begin at the same moment."""
    together = Barrier(len(airlocks))

    def approve(airlock: Airlock) -> object:
        together.wait()
        try:
            return airlock.review(submission.id, submission.digest, Verdict.APPROVE, WHY)
        except CcdsError as error:
            return error

    with ThreadPoolExecutor(len(airlocks)) as pool:
        return list(pool.map(approve, airlocks))


def test_two_who_approve_at_once_both_count(submit, as_):
    """One after the other: neither review is lost."""
    submission = submit().submission

    at_once([as_(person) for person in ("sue", "cher", "eve")], submission)

    after = as_("sam").get(submission.id)
    assert after.state is State.APPROVED
    assert sorted(one.reviewer for one in after.approvals) == ["cher", "eve", "sue"]


def test_one_who_approves_twice_at_once_counts_once(submit, as_):
    """In two windows."""
    submission = submit().submission

    outcomes = at_once([as_("sue"), as_("sue")], submission)

    assert sum(isinstance(outcome, CcdsError) for outcome in outcomes) == 1
    assert [one.reviewer for one in as_("sam").get(submission.id).approvals] == ["sue"]


def test_reports_that_come_while_somebody_looks_are_known(submit, as_, site):
    """What was read of the reports is kept, until one is added."""
    submission = submit().submission
    airlock = as_("sue")
    _, before = airlock.show(submission.id)
    project = open_project(PROJECT, Action.LOAD_REPORTS, person="fay", settings=site)
    LabelingRepository(project).load_reports([Report("ACC77777", (Section("findings", f"{TABLE} {SECRET}"),))])
    project.store.close()

    _, after = airlock.show(submission.id)

    assert (before, [finding.what for finding in after]) == ((), ["8 or more words of a report"])


def test_an_administrator_with_another_role_may_still_come(submit, amend, approve):
    """Somebody who is on the roster as a labeler, and administers the site."""
    submission = submit().submission
    amend(roster=[*ROSTER, *on_roster(**{ADMINISTRATOR: "labeler"})])

    after = approve(submission, "sue", ADMINISTRATOR)

    assert [one.as_administrator for one in after.approvals] == [False, True]
