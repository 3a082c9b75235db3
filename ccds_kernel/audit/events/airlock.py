"""Results on their way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class ResultSubmitted(Event):
    """A result was put before the reviewers of the airlock; `digest` covers it whole, `findings` are those of the scan."""

    submission: str
    digest: str
    kind: str
    files: int
    findings: int


@dataclass(frozen=True, kw_only=True)
class ResultShown(Event):
    """Somebody was shown what is in a submission."""

    submission: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ResultReviewed(Event):
    """A reviewer gave a verdict, approve or refuse, on the content with that digest."""

    submission: str
    digest: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class ResultRefused(Event):
    """A result stays inside: `by` the scan, with that many findings, or by a review."""

    submission: str
    digest: str
    by: str
    findings: int


@dataclass(frozen=True, kw_only=True)
class ResultWithdrawn(Event):
    """An author took a submission back."""

    submission: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ResultReleased(Event):
    """An approved result left the project."""

    from_sessions: ClassVar[bool] = False

    submission: str
    digest: str
    files: int
