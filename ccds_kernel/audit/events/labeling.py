"""Reports, what is labelled in them, and phrases."""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class ReportsLoaded(Event):
    """Reports were taken into a project."""

    added: int
    known: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class ReportsSealed(Event):
    """Reports that were loaded are in the database: the ids of the first and the last, and the hash of all between."""

    first: int
    last: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class TaskChanged(Event):
    """What is labelled in a project was changed: `change` is made or changed; the task is named by its id."""

    change: str
    task_id: int


@dataclass(frozen=True, kw_only=True)
class PhraseChanged(Event):
    """A phrase list was changed: `change` is inserted, removed, moved or edited; the phrase is named by its id."""

    change: str
    phrase_id: int


@dataclass(frozen=True, kw_only=True)
class PhrasesChanged(Event):
    """Several phrases were changed in one step, as an import does, or the undo of one: how many in which way.

    Which they were stands in the project's history of phrases under the step's number.
    """

    task_id: int
    step: int
    inserted: int
    removed: int
    moved: int
    edited: int


@dataclass(frozen=True, kw_only=True)
class PhrasesExported(Event):
    """A phrase list was written into a file of its own."""

    count: int
