"""What an answer is, and when it counts: the rules alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.answer import (
    TOLD,
    Answer,
    AnswerKind,
    Lease,
    LeaseState,
    Refused,
    Seats,
    judge,
    judge_undo,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)
YES = frozenset({"yes"})


def answer(**parts) -> Answer:
    """An answer with these parts."""
    values = {"id": str(uuid4()), "lease": 1, "study_key": "k", "kind": AnswerKind.CONFIRM, "seconds": 1.0}
    return Answer(**values | parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"id": "1"},
        {"id": "{5d3f9c1e-8f0b-4f57-9f3e-0c7b0f7b2f10}"},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"labels": YES},
        {"note": "a"},
        {"undoes": str(uuid4())},
        {"kind": AnswerKind.CORRECT},
        {"kind": AnswerKind.CORRECT, "labels": YES, "note": "a"},
        {"kind": AnswerKind.FLAG},
        {"kind": AnswerKind.FLAG, "note": "  "},
        {"kind": AnswerKind.FLAG, "note": "a" * 2001},
        {"kind": AnswerKind.FLAG, "note": "a\ud800"},
        {"kind": AnswerKind.UNDO},
        {"kind": AnswerKind.UNDO, "undoes": "x"},
    ],
)
def test_what_is_no_answer_is_refused(parts):
    """An id that is no UUID, a time that is none, parts of another kind, a note that is none."""
    with pytest.raises(CcdsError):
        answer(**parts)


def test_a_page_that_was_left_alone_counts_a_day():
    """More is nobody's work."""
    assert answer(seconds=1e9).seconds == 86400


@pytest.mark.parametrize(
    ("state", "until", "seats", "expected"),
    [
        (LeaseState.HELD, LATER, Seats(1, 0), None),
        (LeaseState.HELD, EARLIER, Seats(1, 0), None),
        (LeaseState.HELD, EARLIER, Seats(1, 1), Refused.TAKEN),
        (LeaseState.HELD, NOW, Seats(0, 0), Refused.TAKEN),
        (LeaseState.HELD, EARLIER, Seats(2, 1), None),
        (LeaseState.HELD, EARLIER, Seats(1, 1, planted=True), None),
        (LeaseState.RETURNED, LATER, Seats(1, 0), Refused.STALE),
        (LeaseState.ANSWERED, LATER, Seats(0, 0), Refused.ANSWERED),
        (LeaseState.SKIPPED, LATER, Seats(1, 0), Refused.ANSWERED),
    ],
)
def test_when_an_answer_counts(state, until, seats, expected):
    """While the study is the labeler's, or nobody else is in their place."""
    assert judge(Lease(1, state, until), seats, NOW) is expected


@pytest.mark.parametrize(
    ("state", "seats", "last", "expected"),
    [
        (LeaseState.ANSWERED, Seats(0, 0), "a", None),
        (LeaseState.SKIPPED, Seats(1, 0), "a", None),
        (LeaseState.SKIPPED, Seats(1, 1), "a", Refused.TAKEN),
        (LeaseState.SKIPPED, Seats(1, 1, planted=True), "a", None),
        (LeaseState.ANSWERED, Seats(0, 0), "b", Refused.NOTHING),
        (LeaseState.HELD, Seats(1, 0), None, Refused.NOTHING),
        (LeaseState.RETURNED, Seats(1, 0), "a", Refused.STALE),
    ],
)
def test_when_an_undo_counts(state, seats, last, expected):
    """Of the answer that stands, as long as the study isn't in other hands."""
    assert judge_undo(Lease(1, state, LATER), seats, last, "a") is expected


def test_every_refusal_is_told_in_one_line():
    """Without a study, a label or a note in it."""
    assert set(TOLD) == set(Refused)
    assert all("\n" not in str(told) for told in TOLD.values())
