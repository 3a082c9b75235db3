"""The states of a submission, and what is one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.submission import (
    APPROVALS,
    OPEN,
    Kind,
    Review,
    SealedFile,
    State,
    Submission,
    Verdict,
    check_name,
    check_names,
    released,
    reviewed,
    withdrawn,
)
from ccds_kernel.errors import CcdsError
from support.airlock import REASON

NOW = datetime(2026, 11, 25, 20, tzinfo=UTC)
FILE = SealedFile("table.csv", 3, "a" * 64)
NEW = Submission("0123456789ab", "CHEST-1", "sam", Kind.TABLE, REASON, (FILE,), NOW)


def review(reviewer: str, verdict: Verdict = Verdict.APPROVE, *, administrator: bool = False) -> Review:
    """A review with a reason."""
    return Review(reviewer, verdict, "Looked at every line.", NOW, administrator)


REVIEWS = st.builds(
    review,
    st.sampled_from(["sam", "sue", "eve", "cher", "admin"]),
    st.sampled_from(Verdict),
    administrator=st.booleans(),
)
STEPS = st.lists(REVIEWS | st.sampled_from(["withdraw", "steal", "release"]), max_size=8)


@given(STEPS)
def test_whatever_happens_only_two_others_let_it_out(steps):
    """Steps in any order: each is taken or refused in one line, and what is released was approved by two others and refused by
    nobody; what has ended stays as it ended.
    """
    now = NEW
    for step in steps:
        before = now
        try:
            if isinstance(step, Review):
                now = reviewed(now, step)
            elif step == "release":
                now = released(now)
            else:
                now = withdrawn(now, "sam" if step == "withdraw" else "eve")
        except CcdsError:
            continue
        assert before.state in OPEN

    approvers = {one.reviewer for one in now.approvals}
    assert "sam" not in approvers
    assert len(approvers) == len(now.approvals)
    if now.state in {State.APPROVED, State.RELEASED}:
        assert len(approvers) >= APPROVALS
        assert not now.approvals[0].as_administrator
        assert all(one.verdict is Verdict.APPROVE for one in now.reviews)
    assert (now.state is State.REFUSED) == any(one.verdict is Verdict.REFUSE for one in now.reviews)


def test_two_approvals_approve_and_one_refusal_ends():
    """The first leaves it open; after the second it may still be refused, until it is released."""
    once = reviewed(NEW, review("sue"))
    twice = reviewed(once, review("cher"))

    assert (once.state, twice.state) == (State.SUBMITTED, State.APPROVED)
    assert reviewed(once, review("eve", Verdict.REFUSE)).state is State.REFUSED
    assert reviewed(twice, review("eve", Verdict.REFUSE)).state is State.REFUSED
    assert released(twice).state is State.RELEASED


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (lambda: reviewed(NEW, review("sam")), "expected a reviewer other than the author"),
        (lambda: reviewed(reviewed(NEW, review("sue")), review("sue")), "expected one review of each person"),
        (
            lambda: reviewed(NEW, review("admin", administrator=True)),
            "expected a first approval by somebody on the roster",
        ),
        (lambda: released(reviewed(NEW, review("sue"))), "found one that is submitted, with 1"),
        (lambda: withdrawn(NEW, "eve"), "expected its author to withdraw it"),
        (lambda: reviewed(replace(NEW, state=State.WITHDRAWN), review("sue")), "found one that is withdrawn"),
        (lambda: withdrawn(replace(NEW, state=State.RELEASED), "sam"), "found one that is released"),
        (lambda: released(replace(NEW, state=State.RELEASED)), "found one that is released"),
    ],
)
def test_an_illegal_step_says_why(step, told):
    """In one line, with what to do."""
    with pytest.raises(CcdsError, match=told):
        step()


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "0123456789ac"}, {"project": "CHEST-2"}, {"author": "eve"}, {"kind": Kind.FIGURE}, {"reason": f"{REASON} Also"},
        {"files": (replace(FILE, sha256="b" * 64),)}, {"files": (replace(FILE, size=4),)},
        {"files": (replace(FILE, name="other.csv"),)}, {"files": (FILE, replace(FILE, name="more.csv"))},
    ],
)  # fmt: skip
def test_the_digest_covers_all_that_is_reviewed(changed):
    """Any other content has another digest; a review changes nothing of it."""
    assert replace(NEW, **changed).digest != NEW.digest
    assert reviewed(NEW, review("sue")).digest == NEW.digest


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a.csv", "a/../b.csv", "/etc/passwd", "a//b.csv", ".hidden", "a/.b", "a b.csv", "a\\b.csv", "a\n.csv",
     "é.csv", "-rf", "a/b/c/d/e.csv", "a" * 101, "a.csv/", "~/a.csv", "a\0.csv"],
)  # fmt: skip
def test_a_name_that_climbs_hides_or_troubles_is_none(name):
    """Also unquoted: it may hold a patient's name."""
    with pytest.raises(CcdsError, match="expected a relative name of letters"):
        check_name(name)


@given(st.text(max_size=30))
def test_a_name_that_is_taken_stays_in_its_folder(name):
    """Whatever somebody calls a file: it is refused, or plain."""
    try:
        check_name(name)
    except CcdsError:
        return

    assert name.isascii()
    assert not set(name.split("/")) & {"", ".", ".."}


@pytest.mark.parametrize(
    "names",
    [[], ["a.csv"] * 2, ["a.csv", "A.CSV"], [f"{n}.csv" for n in range(51)], ["airlock.json"], ["AIRLOCK.json"]],
)
def test_files_that_can_not_be_one_submission(names):
    """None, too many, one twice (upper and lower case being the same), or what the release writes itself."""
    with pytest.raises(CcdsError):
        check_names(names)


@pytest.mark.parametrize("reason", ["", "for the paper", "a " * 4001])
def test_a_reason_is_a_sentence(reason):
    """Neither less nor a book."""
    with pytest.raises(CcdsError, match="expected a reason of at least a sentence"):
        replace(NEW, reason=reason)


@pytest.mark.parametrize("reviewers", [["sue", "sue"], ["sue", "sam"], ["sam"]])
def test_reviews_that_can_not_be_are_no_submission(reviewers):
    """However they came into the database: one person twice, or the author."""
    with pytest.raises(CcdsError, match="expected one review of each person, and none by the author"):
        replace(NEW, reviews=tuple(map(review, reviewers)))


@pytest.mark.parametrize("reason", ["", "         ok", "x" * 4001])
def test_a_review_has_a_reason(reason):
    """White space is none."""
    with pytest.raises(CcdsError, match="expected a reason of 10 to"):
        replace(review("sue"), reason=reason)
