"""Deployed models and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class ReleaseRegistered(Event):
    """A release got its place among the deployed models: its threshold, its positive label, its phrase list."""

    from_sessions: ClassVar[bool] = False

    release: str
    phrases: int


@dataclass(frozen=True, kw_only=True)
class ClinicalRowsLoaded(Event):
    """Rows of a release were taken in: `kind` is predictions or final reports."""

    from_sessions: ClassVar[bool] = False

    release: str
    kind: str
    added: int
    known: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class MonitoringPublished(Event):
    """Numbers of a release were published; `digest` is the keyed hash of the rows that they were computed from."""

    from_sessions: ClassVar[bool] = False

    release: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class PublishedRead(Event):
    """Somebody was shown what is published of a release."""

    release: str
