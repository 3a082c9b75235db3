"""A study in the queue, as a value: its states, and which follows which. Pure.

    waiting → running → arrived
                      → failed → waiting (by hand, as often as the site allows)
                      → refused → waiting (asked for by other criteria)

A study that was running when its worker died is waiting again: nothing of it lies in the project. Nothing is ever *arrived* of
which a file is missing, and nothing stays *running* without a worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound

LONGEST_CAUSE = 200
NOT_APPROVED = "not approved when its turn came: "
"""How the cause of a study begins that nobody was asked for: the archive had no part in it."""


class State(StrEnum):
    """How far a study has come.

    Members:
        WAITING: for a worker.
        RUNNING: a worker fetches it.
        ARRIVED: whole and proven, in the project.
        FAILED: nothing, less or more than announced came, or the archive didn't send it.
        REFUSED: what came isn't what was asked for; it was deleted.
    """

    WAITING = "waiting"
    RUNNING = "running"
    ARRIVED = "arrived"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True)
class StudyRequest:
    """A study that was asked for; its card.

    Attributes:
        id: the row's.
        study: as the archive's answer had it.
        query: what it is to meet.
        study_key: its pseudonym, which names its folder.
        state: how far it is.
        urgent: whether it goes ahead of others.
        attempts: how often it was tried.
        cause: why it isn't there, one line; None where nothing went wrong.
        tried_at: when it was tried last, in UTC.
        received: how many instances came then.
        asked_by: who asked for it.
        asked_at: when, in UTC.
        beside: patients of other studies with its study key, where it is claimed.
    """

    id: int
    study: StudyFound = field(repr=False)
    query: ArchiveQuery
    study_key: str
    state: State
    urgent: bool
    attempts: int
    cause: str | None
    tried_at: datetime | None
    received: int
    asked_by: str
    asked_at: datetime
    beside: frozenset[str] = field(default=frozenset(), repr=False)

    def as_json(self) -> dict[str, object]:
        """The object of `ccds imaging status --json`; no accession number, no patient, no UID."""
        return {
            "study_key": self.study_key,
            "state": self.state.value,
            "urgent": self.urgent,
            "attempts": self.attempts,
            "cause": self.cause,
            "tried_at": self.tried_at and self.tried_at.isoformat(),
            "received": self.received,
            "announced": self.study.instances,
            "asked_by": self.asked_by,
            "asked_at": self.asked_at.isoformat(),
        }


@dataclass(frozen=True)
class Outcome:
    """What became of one try.

    Attributes:
        state: arrived, failed, refused, or waiting: for a reason that isn't the study's.
        cause: one line; None where it arrived.
        doubt: the word for the doubt, where the files were looked at and one was found.
        received: instances that came.
        announced: how many the archive announced; None where it didn't come to that.
        size: bytes that came.
        counts: whether the try counts among those that a study has.
        study: the study with what its files say where the archive's answer says nothing; None where they aren't its own.
        repeated: whether a worker that was killed had put it into the project, and may have said so.
    """

    state: State
    cause: str | None = None
    doubt: str | None = None
    received: int = 0
    announced: int | None = None
    size: int = 0
    counts: bool = True
    study: StudyFound | None = field(default=None, repr=False)
    repeated: bool = False
