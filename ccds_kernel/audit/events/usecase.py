"""Use-case cards and the counts behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class UseCaseAdded(Event):
    """A use-case card, or a new version of one, was added; `digest` is the SHA-256 of what it says."""

    card: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ExamCountsPublished(Event):
    """Counts of exams by code and month were published for the use-case cards; `digest` is the SHA-256 of the file."""

    from_sessions: ClassVar[bool] = False

    digest: str
