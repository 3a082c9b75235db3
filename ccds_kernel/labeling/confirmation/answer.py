"""What a labeler says about a study, and when it counts.

An *answer* comes from a page that may be old, may have lost its connection, and may send the same thing twice. So it carries an
id that the page made, and the *lease* under which the page showed the study. It counts once: the same id again changes nothing.
It doesn't count where the study has gone to somebody else meanwhile, or is answered already; it is kept all the same, as
*refused*. That way nothing that a person typed is lost, and an answer that was refused once stays refused when the page sends it
again, instead of taking effect at a moment at which nobody expects it.

Nothing is rewritten: undoing is an answer of its own that names the one that it undoes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.text import is_valid_unicode

LONGEST_NOTE = 2_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST_SECONDS = 24 * 3600.0
"""A page that stood open longer than a day was left alone."""


class AnswerKind(StrEnum):
    """What was said: the prefill is right, another label is, somebody else should say, the fellow should look, or never mind."""

    CONFIRM = "confirm"
    CORRECT = "correct"
    SKIP = "skip"
    FLAG = "flag"
    UNDO = "undo"


class LeaseState(StrEnum):
    """What became of a lease. One that is held ends by itself when its time is over and somebody else wants the study.

    One is closed when its labeler has been told which answers of the batch were right: what they said stands from then on.
    """

    HELD = "held"
    ANSWERED = "answered"
    SKIPPED = "skipped"
    RETURNED = "returned"
    CLOSED = "closed"


class Refused(StrEnum):
    """Why an answer that is kept counts for nothing."""

    TAKEN = "taken"
    STALE = "stale"
    ANSWERED = "answered"
    NOTHING = "nothing"
    CLOSED = "closed"


TOLD: Mapping[Refused, CcdsError] = {
    Refused.TAKEN: CcdsError(
        expected="a study that is still yours",
        found="one that went to somebody else, because its time was over",
        do="go on with the next one: what you said is kept, and not counted",
    ),
    Refused.STALE: CcdsError(
        expected="a study that this page holds",
        found="one that was given back since, or is no longer yours to answer",
        do="load the page anew: what you said is kept, and not counted",
    ),
    Refused.ANSWERED: CcdsError(
        expected="a study without your answer",
        found="one that you answered on another page",
        do="undo that answer first: what you said is kept, and not counted",
    ),
    Refused.NOTHING: CcdsError(
        expected="an answer to undo",
        found="one that doesn't count, or is undone already",
        do="load the page anew",
    ),
    Refused.CLOSED: CcdsError(
        expected="an answer of a batch that you are still at",
        found="one of a batch whose right answers you have seen",
        do="tell the fellow who made the batch, if it was wrong",
    ),
}
"""What the labeler is told."""


@dataclass(frozen=True)
class Answer:
    """One answer, as a page sends it.

    Args:
        id: made by the page: a UUID in its usual form.
        lease: the number under which the page was given the study.
        study_key: the study.
        kind: what was said.
        seconds: how long the study was on the screen.
        labels: only, and always, for a correction.
        note: only, and always, for a flag; at most `LONGEST_NOTE` characters.
        undoes: only, and always, for an undo: the id of the answer.

    Raises:
        CcdsError: it is none.
    """

    id: str
    lease: int
    study_key: str
    kind: AnswerKind
    seconds: float
    labels: Said | None = None
    note: str = ""
    undoes: str | None = None

    def __post_init__(self) -> None:
        for told in (self.id, self.undoes):
            if told is not None and not _is_uuid(told):
                raise _not_an_answer("an id that is no UUID")
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise _not_an_answer("a time on the screen that is none")
        object.__setattr__(self, "seconds", min(float(self.seconds), MOST_SECONDS))
        object.__setattr__(self, "note", self.note.strip())
        given = (self.labels is not None, bool(self.note), self.undoes is not None)
        if given != tuple(self.kind is kind for kind in (AnswerKind.CORRECT, AnswerKind.FLAG, AnswerKind.UNDO)):
            raise _not_an_answer(f"one of kind {self.kind} with parts of another, or without its own")
        if len(self.note) > LONGEST_NOTE or "\0" in self.note or not is_valid_unicode(self.note):
            raise CcdsError(
                expected=f"a note of at most {LONGEST_NOTE} whole characters",
                found=f"one of {len(self.note)}, or half a character in it",
                do="shorten it, or type it again",
            )


@dataclass(frozen=True)
class Lease:
    """A study in somebody's hands; `until` is aware."""

    id: int
    state: LeaseState
    until: datetime


@dataclass(frozen=True)
class Seats:
    """What a study's other labelers leave of it.

    Attributes:
        needed: how many answers it still needs.
        held: how many other labelers hold it now.
        planted: whether it is shown to every labeler, whatever the others do.
    """

    needed: int
    held: int
    planted: bool = False

    @property
    def free(self) -> bool:
        """Whether one more labeler is wanted."""
        return self.planted or self.held < self.needed


def judge(lease: Lease, seats: Seats, now: datetime) -> Refused | None:
    """Why an answer other than an undo doesn't count that comes `now` under `lease`; None where it does.

    A lease whose time is over counts as long as nobody else is in its place.
    """
    if lease.state is LeaseState.RETURNED:
        return Refused.STALE
    if lease.state is not LeaseState.HELD:
        return Refused.ANSWERED
    return None if seats.free or now < lease.until else Refused.TAKEN


def judge_undo(lease: Lease, seats: Seats, last: str | None, undoes: str) -> Refused | None:
    """Why an undo doesn't count; None where it does.

    Args:
        lease: of the answer that is to be undone.
        seats: of its study.
        last: the id of the newest answer that counts under that lease, undos left out; None where there is none.
        undoes: the id of the answer that is to be undone.
    """
    if lease.state is LeaseState.RETURNED:
        return Refused.STALE
    if lease.state is LeaseState.CLOSED:
        return Refused.CLOSED
    if lease.state is LeaseState.HELD or last != undoes:
        return Refused.NOTHING
    # A study that was skipped may be in other hands by now; one that was answered is not.
    return Refused.TAKEN if lease.state is LeaseState.SKIPPED and not seats.free else None


def _is_uuid(told: str) -> bool:
    return _UUID.fullmatch(told) is not None


def _not_an_answer(found: str) -> CcdsError:
    return CcdsError(expected="an answer about a study", found=found, do="load the page anew")
