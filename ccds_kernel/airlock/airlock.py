"""The airlock of a project, for one person: submit, look, review, withdraw.

Every method asks again whether the person may do it. Every step is one transaction that holds the write lock from its begin, so
that two reviewers who decide at once decide one after the other; its audit event is written before the commit: what
can't be logged isn't done. A submission is there when its row is, which comes last: half of one is never seen.

The scan is run anew whenever somebody looks: nobody believes findings that a member of the project could have written.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from ccds_kernel.airlock import drop, rows
from ccds_kernel.airlock.allowed import ALLOWED, described
from ccds_kernel.airlock.door import Visitor
from ccds_kernel.airlock.drop import Drop
from ccds_kernel.airlock.finding import Finding, refusals, require_clean, warn
from ccds_kernel.airlock.plain_file import read_in_chunks
from ccds_kernel.airlock.reports import known_texts, version
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.notebook import stripped
from ccds_kernel.airlock.scan.scan import scan
from ccds_kernel.airlock.submission import (
    ID,
    OPEN,
    Kind,
    Review,
    SealedFile,
    Submission,
    Verdict,
    check_names,
    check_reason,
    reviewed,
    suffix_of,
    unknown,
    withdrawn,
)
from ccds_kernel.audit.events.airlock import (
    ResultRefused,
    ResultReviewed,
    ResultShown,
    ResultSubmitted,
    ResultWithdrawn,
)
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action, DataKind

_NO_REPORTS = (
    "nobody looked for words of reports, which you may not read; the scan did at first, and will at the release"
)


class RefusedByScanError(CcdsError):
    """A result isn't taken, because of what is in it. `findings` are all that the scan found."""

    def __init__(self, *, expected: str, found: str, do: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(expected=expected, found=found, do=do)
        self.findings = findings


@dataclass(frozen=True)
class Submitted:
    """A submission that was taken, and what a reviewer will have to look at in it."""

    submission: Submission
    findings: tuple[Finding, ...]


class Airlock:
    """The submissions of a project, for the person who came.

    Every method raises `CcdsError` where that person may not do it (any more).
    """

    def __init__(self, visitor: Visitor, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.visitor = visitor
        self._project = visitor.project
        self._drop = Drop(visitor.project.folder)
        self._now = now
        self._reports: tuple[tuple[int, int], KnownTexts] | None = None

    @property
    def person(self) -> str:
        """Who it is open for."""
        return self.visitor.person

    def submissions(self) -> tuple[Submission, ...]:
        """What this person may see, the newest first: a reviewer all, an author their own."""
        self.visitor.require_any()
        with self._project.airlock_store.reading() as connection:
            found = rows.submissions(connection, self._project.id)
        return tuple(one for one in found if self._may_see(one))

    def get(self, submission_id: str) -> Submission:
        """One of them.

        Raises:
            CcdsError: there is none of that id that this person may see.
        """
        self.visitor.require_any()
        with self._project.airlock_store.reading() as connection:
            return self._one(connection, submission_id)

    def may_review(self, submission: Submission) -> bool:
        """Whether a review by this person would be taken now."""
        if submission.state not in OPEN or submission.author == self.person:
            return False
        if any(review.reviewer == self.person for review in submission.reviews):
            return False
        return self.visitor.is_administrator or self.visitor.may(Action.REVIEW_RESULTS)

    def submit(self, kind: Kind, reason: str, folder: Path, names: Sequence[str]) -> Submitted:
        """Copies files of `folder` into the airlock, scans the copy, and puts it before the reviewers.

        Args:
            kind: what the result is.
            reason: why it is to leave, and for whom; a sentence.
            folder: where the files lie.
            names: the files, relative to it.

        Raises:
            RefusedByScanError: something in it may not leave; nothing is kept.
            CcdsError: the project lets nothing out, a file is no plain one or changes meanwhile, or the reason is none.
        """
        self._project.require(Action.SUBMIT_RESULTS)
        self.visitor.require_open()
        check_reason(reason)
        check_names(list(names))
        for name in names:
            if suffix_of(name) not in ALLOWED[kind]:
                raise CcdsError(
                    expected=f"files that a {kind} may have ({described(kind)})",
                    found=f"one that ends in {suffix_of(name)[:12] or 'nothing'}",
                    do="submit it as another kind, or in another form",
                )
        self._drop.sweep(self._known)
        submission_id = secrets.token_hex(6)
        with self._drop.filling(submission_id) as target:
            files = tuple(self._seal(folder, name, ALLOWED[kind][suffix_of(name)], target) for name in names)
            submission = Submission(submission_id, self._project.id, self.person, kind, reason, files, self._now())
            drop.close(target)
            found = self._scan(submission, target)
            if against := refusals(found):
                self._log_refusal(submission, by="scan", findings=len(against))
                raise RefusedByScanError(
                    expected="a result with nothing in it that may not leave",
                    found=f"{len(against)} finding(s), first: {against[0]}",
                    do="take that out, and submit it again",
                    findings=found,
                )
            with self._project.airlock_store.writing() as connection:
                self._project.audit.write(
                    ResultSubmitted(
                        person=self.person,
                        project=self._project.id,
                        submission=submission.id,
                        digest=submission.digest,
                        kind=kind.value,
                        files=len(files),
                        findings=len(found),
                    )
                )
                rows.add(connection, submission)
        return Submitted(submission, found)

    def show(self, submission_id: str) -> tuple[Submission, tuple[Finding, ...]]:
        """One submission, and what a scan of it finds now. That somebody looked is an audit event.

        Raises:
            CcdsError: there is none that this person may see; or a file isn't what was submitted.
        """
        submission = self.get(submission_id)
        self._project.audit.write(
            ResultShown(
                person=self.person, project=self._project.id, submission=submission.id, digest=submission.digest
            )
        )
        return submission, self._scanned(submission)

    def read(self, submission: Submission, file: SealedFile) -> bytes:
        """One file of a submission that `get` or `show` gave; for what fits into memory.

        Raises:
            CcdsError: it isn't what was submitted.
        """
        self.visitor.require_any()
        return self._drop.read(submission, file)

    def review(self, submission_id: str, digest: str, verdict: Verdict, reason: str) -> Submission:
        """Gives this person's verdict.

        Args:
            submission_id: which.
            digest: what they looked at; another one is refused.
            verdict: theirs.
            reason: what they looked at, or what is wrong.

        Raises:
            CcdsError: they may not review it, it is closed, their own, reviewed by them before; or they approve it, and a file
                isn't what was submitted, or something is in it that may not leave.
        """
        self.visitor.require_to_review()
        if verdict is Verdict.APPROVE:
            self.visitor.require_open()
            require_clean(self._scanned(self.get(submission_id)))
        review = Review(self.person, verdict, reason, self._now(), self.visitor.is_administrator)
        with self._project.airlock_store.writing() as connection:
            submission = self._one(connection, submission_id)
            if submission.digest != digest:
                raise CcdsError(
                    expected="a review of what is submitted",
                    found="one of something else",
                    do="look at the submission again",
                )
            after = reviewed(submission, review)
            self._project.audit.write(
                ResultReviewed(
                    person=self.person,
                    project=self._project.id,
                    submission=submission.id,
                    digest=digest,
                    verdict=verdict.value,
                )
            )
            if verdict is Verdict.REFUSE:
                self._log_refusal(submission, by="review", findings=0)
            rows.add_review(connection, after)
        return after

    def withdraw(self, submission_id: str) -> Submission:
        """Takes a submission of this person back.

        Raises:
            CcdsError: it is closed, or somebody else's.
        """
        self.visitor.require_any()
        with self._project.airlock_store.writing() as connection:
            after = withdrawn(self._one(connection, submission_id), self.person)
            self._project.audit.write(
                ResultWithdrawn(person=self.person, project=self._project.id, submission=after.id, digest=after.digest)
            )
            rows.move(connection, after)
        return after

    def _may_see(self, submission: Submission) -> bool:
        if self.visitor.is_administrator or submission.author == self.person:
            return True
        return self.visitor.may(Action.REVIEW_RESULTS)

    def _one(self, connection: Connection, submission_id: str) -> Submission:
        found = rows.submissions(connection, self._project.id, submission_id) if ID.fullmatch(submission_id) else ()
        if not found or not self._may_see(found[0]):
            raise unknown()
        return found[0]

    def _known(self) -> frozenset[str]:
        with self._project.airlock_store.reading() as connection:
            return rows.ids(connection)

    def _seal(self, folder: Path, name: str, largest: int, target: Path) -> SealedFile:
        content = read_in_chunks(folder, name, largest)
        if suffix_of(name) == ".ipynb":
            content = iter([stripped(b"".join(content), name)])
        return drop.store(content, target, name)

    def _scanned(self, submission: Submission) -> tuple[Finding, ...]:
        for file in submission.files:
            for _ in self._drop.verified(submission, file):
                pass
        return self._scan(submission, self._drop.folder_of(submission.id))

    def _scan(self, submission: Submission, folder: Path) -> tuple[Finding, ...]:
        """The scan, for what this person may read: whoever may not read reports is told that it didn't, either."""
        if self.visitor.is_administrator or self.visitor.may(Action.READ_REPORTS):
            return scan(submission, folder, self._texts())
        found = scan(submission, folder, KnownTexts([], []))
        if DataKind.REPORTS not in self._project.application.data:
            return found
        return (*found, warn(_NO_REPORTS, ""))

    def _texts(self) -> KnownTexts:
        """The project's reports as they are now; kept until one is added, for who looks at one result after another."""
        now = version(self._project.store)
        if self._reports is None or self._reports[0] != now:
            self._reports = now, known_texts(self._project.store)
        return self._reports[1]

    def _log_refusal(self, submission: Submission, *, by: str, findings: int) -> None:
        self._project.audit.write(
            ResultRefused(
                person=self.person,
                project=self._project.id,
                submission=submission.id,
                digest=submission.digest,
                by=by,
                findings=findings,
            )
        )
