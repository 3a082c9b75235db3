"""What the airlock's app needs of the kernel."""

from __future__ import annotations

from typing import Protocol

from ccds_kernel.airlock.finding import Finding
from ccds_kernel.airlock.submission import SealedFile, Submission, Verdict


class Airlock(Protocol):
    """A project's airlock for one person; `ccds_kernel.airlock.airlock.Airlock` is one.

    Each method asks anew whether the person may do it, and raises a `CcdsError` where not.
    """

    @property
    def person(self) -> str:
        """Who it is open for."""

    def submissions(self) -> tuple[Submission, ...]:
        """What they may see, the newest first."""

    def get(self, submission_id: str) -> Submission:
        """One of them; raises `CcdsError` where there is none."""

    def may_review(self, submission: Submission) -> bool:
        """Whether a review of theirs would be taken now."""

    def show(self, submission_id: str) -> tuple[Submission, tuple[Finding, ...]]:
        """One of them with what a scan finds now; logs the look."""

    def read(self, submission: Submission, file: SealedFile) -> bytes:
        """One file, as it was submitted."""

    def review(self, submission_id: str, digest: str, verdict: Verdict, reason: str) -> Submission:
        """Gives their verdict on what has that digest."""

    def withdraw(self, submission_id: str) -> Submission:
        """Takes a submission of theirs back."""
