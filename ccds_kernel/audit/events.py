"""Audit events: one frozen dataclass for each thing that somebody did with a project.

An event says who, in which project, and what; the log adds when (UTC). It names study keys, counts and hashes, never
accession numbers, names or report text. `docs/audit-events.md` lists them all; a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """Who did something in which project; `project` is empty for what concerns the whole site."""

    person: str
    project: str = ""


@dataclass(frozen=True, kw_only=True)
class ApplicationApplied(Event):
    """An IRB application, or an amendment of it, came into force; `digest` is the SHA-256 of its content."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class ProjectOpened(Event):
    """Somebody came through the door: the action for which, and the role that allowed it."""

    action: str
    role: str


@dataclass(frozen=True, kw_only=True)
class AccessDenied(Event):
    """Somebody was turned away, and why."""

    action: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReportsLoaded(Event):
    """Reports were taken into a project."""

    added: int
    known: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class PhraseChanged(Event):
    """A phrase list was changed: `change` is inserted, removed, moved or edited; the phrase is named by its id."""

    change: str
    phrase_id: int


@dataclass(frozen=True, kw_only=True)
class ReleaseRegistered(Event):
    """A release got its place among the deployed models: its threshold, its positive label, its phrase list."""

    release: str
    phrases: int


@dataclass(frozen=True, kw_only=True)
class ClinicalRowsLoaded(Event):
    """Rows of a release were taken in: `kind` is predictions or final reports."""

    release: str
    kind: str
    added: int
    known: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class MonitoringPublished(Event):
    """Numbers of a release were published; `digest` is the keyed hash of the rows that they were computed from."""

    release: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class PublishedRead(Event):
    """Somebody was shown what is published of a release."""

    release: str


@dataclass(frozen=True, kw_only=True)
class DownloadRefused(Event):
    """A lab session refused a download: by which kind of route, and how many times (at most one event a minute for each)."""

    route: str
    times: int
