"""Whose turn a submission is, in words."""

from __future__ import annotations

from ccds_kernel.airlock.submission import APPROVALS, State, Submission

_ENDED = {
    State.RELEASED: "has left the project",
    State.REFUSED: "stays in the project",
    State.WITHDRAWN: "was taken back",
}


def turn(submission: Submission, *, may_review: bool) -> str:
    """What comes next, for somebody who may review it or not."""
    if submission.state in _ENDED:
        return _ENDED[submission.state]
    if submission.state is State.APPROVED:
        return "waits for an administrator to release it"
    missing = APPROVALS - len(submission.approvals)
    waits = f"waits for {missing} approval{'s' if missing > 1 else ''}"
    return f"your turn: {waits}" if may_review else waits
