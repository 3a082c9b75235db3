"""A submission as a value, and the states that it goes through.

    submitted ──► approved ──► released
        │             │
        └──► refused ◄┤          by one refusal of a reviewer
        └──► withdrawn ◄┘        by the author

Two approvals of different people, neither of them the author, approve it. Of the two, one may be an administrator's, who isn't
on the roster: not the first, so that somebody who knows the project has looked. Reviews are of a *digest*, which covers project,
author, kind, reason and every file's hash: what was approved is what is released.

Pure: no clock, no files, no database.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

from ccds_kernel.errors import CcdsError

APPROVALS = 2
"""How many different people must approve."""

MOST_FILES = 50
LONGEST_NAME = 200
LONGEST_REASON = 4000
FEWEST_WORDS = 5
"""A submission's reason is a sentence: at least so many words."""

FEWEST_SIGNS = 10
"""A review's reason has at least so many characters."""

RESERVED_NAME = "airlock.json"
"""What a release writes beside the files."""

ID = re.compile(r"[0-9a-f]{12}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}")
_DEEPEST = 4
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """What a result is; it decides which files may be in it."""

    MODEL = "model"
    TABLE = "table"
    FIGURE = "figure"
    NOTEBOOK = "notebook"


class State(StrEnum):
    """How far a submission has come."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({State.SUBMITTED, State.APPROVED})
"""States that aren't the end."""


class Verdict(StrEnum):
    """What a reviewer says."""

    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True)
class SealedFile:
    """One file of a submission: its name relative to the submission's folder, its size in bytes, its SHA-256 in hex.

    Raises:
        CcdsError: the name climbs, hides or has characters that make trouble elsewhere; or the hash is none.
    """

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.size < 0 or not _SHA256.fullmatch(self.sha256):
            raise CcdsError(expected="a file's size and SHA-256", found="something else", do="submit the file again")


@dataclass(frozen=True)
class Review:
    """What one reviewer said of a submission, and when (UTC); `as_administrator` where they aren't on the roster.

    Raises:
        CcdsError: the reason is too short or too long.
    """

    reviewer: str
    verdict: Verdict
    reason: str
    at: datetime
    as_administrator: bool = False

    def __post_init__(self) -> None:
        if len(self.reason.strip()) < FEWEST_SIGNS or len(self.reason) > LONGEST_REASON:
            raise CcdsError(
                expected=f"a reason of {FEWEST_SIGNS} to {LONGEST_REASON} characters",
                found=f"{len(self.reason.strip())}",
                do="say in a few words what you looked at, or what is wrong",
            )


@dataclass(frozen=True)
class Submission:
    """One result on its way out.

    Raises:
        CcdsError: the reason is no sentence; there are no files, too many, or two of one name; somebody reviewed it twice, or
            their own.
    """

    id: str
    project: str
    author: str
    kind: Kind
    reason: str
    files: tuple[SealedFile, ...]
    at: datetime
    state: State = State.SUBMITTED
    reviews: tuple[Review, ...] = ()

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise unknown()
        check_reason(self.reason)
        check_names([file.name for file in self.files])
        reviewers = [review.reviewer for review in self.reviews]
        if self.author in reviewers or len(set(reviewers)) < len(reviewers):
            raise CcdsError(
                expected="one review of each person, and none by the author",
                found="more in the project's database",
                do="look who wrote there; the result has to be submitted anew",
            )

    @property
    def digest(self) -> str:
        """SHA-256 over what never changes: project, author, kind, reason, names, sizes and hashes."""
        fixed = {
            "id": self.id,
            "project": self.project,
            "author": self.author,
            "kind": self.kind,
            "reason": self.reason,
            "files": [[file.name, file.size, file.sha256] for file in self.files],
        }
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()

    @property
    def approvals(self) -> tuple[Review, ...]:
        """Its approving reviews, the first first."""
        return tuple(review for review in self.reviews if review.verdict is Verdict.APPROVE)


def reviewed(submission: Submission, review: Review) -> Submission:
    """`submission` after `review`. Somebody may still approve or refuse what is approved, as long as it isn't released.

    Raises:
        CcdsError: it is closed, is the reviewer's own, was reviewed by them before, or an administrator's approval comes first.
    """
    _require_open(submission)
    if review.reviewer == submission.author:
        raise CcdsError(expected="a reviewer other than the author", found="the author", do="ask two other people")
    if any(review.reviewer == other.reviewer for other in submission.reviews):
        raise CcdsError(
            expected="one review of each person", found="a second one of the same", do="ask somebody else to review it"
        )
    if review.as_administrator and review.verdict is Verdict.APPROVE and not submission.approvals:
        raise CcdsError(
            expected="a first approval by somebody on the roster",
            found="an administrator's",
            do="let a reviewer of the project approve it first",
        )
    after = replace(submission, reviews=(*submission.reviews, review))
    if review.verdict is Verdict.REFUSE:
        return replace(after, state=State.REFUSED)
    return replace(after, state=State.APPROVED if len(after.approvals) >= APPROVALS else State.SUBMITTED)


def withdrawn(submission: Submission, person: str) -> Submission:
    """`submission` after `person` took it back.

    Raises:
        CcdsError: it is closed, or somebody else's.
    """
    _require_open(submission)
    if person != submission.author:
        raise CcdsError(expected="its author to withdraw it", found=person, do="refuse it in a review instead")
    return replace(submission, state=State.WITHDRAWN)


def released(submission: Submission) -> Submission:
    """`submission` after its release.

    Raises:
        CcdsError: it isn't approved.
    """
    if submission.state is not State.APPROVED:
        raise CcdsError(
            expected=f"an approved submission ({APPROVALS} approvals)",
            found=f"one that is {submission.state}, with {len(submission.approvals)}",
            do="release what two people other than its author have approved",
        )
    return replace(submission, state=State.RELEASED)


def unknown() -> CcdsError:
    """What is told of an id that no submission has, or none that this person may see."""
    return CcdsError(
        expected="the id of a submission of this project", found="another one", do="see 'ccds airlock list'"
    )


def check_reason(reason: str) -> None:
    """Looks whether `reason` says why a result is to leave.

    Raises:
        CcdsError: it is no sentence, or too long.
    """
    words = len(reason.split())
    if words < FEWEST_WORDS or len(reason) > LONGEST_REASON:
        raise CcdsError(
            expected=f"a reason of at least a sentence ({FEWEST_WORDS} words, at most {LONGEST_REASON} characters)",
            found=f"{words} words of {len(reason)} characters",
            do="say what it is, and who will use it for what",
        )


def check_names(names: list[str]) -> None:
    """Looks whether `names` can be the files of one submission.

    Raises:
        CcdsError: there are none, too many, one is no name, or two are the same but for upper and lower case.
    """
    if not 1 <= len(names) <= MOST_FILES:
        raise CcdsError(
            expected=f"1 to {MOST_FILES} files",
            found=str(len(names)),
            do="submit what belongs together, and nothing else",
        )
    for name in names:
        check_name(name)
    if any(name.lower() == RESERVED_NAME for name in names):
        raise CcdsError(
            expected=f"files not called {RESERVED_NAME}", found="one that is", do="rename it: the release writes one"
        )
    if len({name.lower() for name in names}) < len(names):
        raise CcdsError(
            expected="files of different names, upper and lower case being the same", found="one twice", do="rename one"
        )


def check_name(name: str) -> None:
    """Looks whether `name` is a plain relative one: letters, digits, `. _ + -` and slashes, nothing that hides or climbs.

    Raises:
        CcdsError: it isn't. It isn't quoted: it may hold a patient's name.
    """
    parts = name.split("/")
    if len(name) > LONGEST_NAME or len(parts) > _DEEPEST or not all(map(_PART.fullmatch, parts)):
        raise CcdsError(
            expected=f"a relative name of letters, digits, '.', '_', '+' and '-', at most {_DEEPEST} deep",
            found="a name with something else in it, such as '..' or a blank",
            do="rename the file, and name it relative to its folder",
        )


def suffix_of(name: str) -> str:
    """The ending that says what a file is, in lower case: `.csv`."""
    return PurePosixPath(name).suffix.lower()


def _require_open(submission: Submission) -> None:
    if submission.state not in OPEN:
        raise CcdsError(
            expected="a submission that is under review",
            found=f"one that is {submission.state}",
            do="submit the result anew where it is to be looked at again",
        )
