"""What each role may do: one table, role × action, and one that says which right on the data an action needs.

From the two follows what the operating system and the database grant (`rights_of`): a role is a set of (data kind, how far),
no more than its actions need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class DataKind(StrEnum):
    """What an IRB application approves the use of."""

    IMAGES = "images"
    REPORTS = "reports"


class Access(IntEnum):
    """How far somebody reaches into a data kind; each includes those before it.

    Members:
        ROWS: what the database hands out, by what a screen asks for; no file.
        READ: everything there is, files too.
        WRITE: also to change it.
    """

    ROWS = 1
    READ = 2
    WRITE = 3


@dataclass(frozen=True)
class Right:
    """One data kind, and how far somebody reaches into it."""

    kind: DataKind
    access: Access


class Role(StrEnum):
    """What somebody is on a roster for."""

    SCIENTIST = "scientist"
    ENGINEER = "engineer"
    FELLOW = "fellow"
    LABELER = "labeler"
    CHAMPION = "champion"
    RADIOLOGIST = "radiologist"
    LEADERSHIP = "leadership"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be asked for at a project's door."""

    OPEN_LAB = "open a lab session"
    OPEN_LABELING = "open the labelling app"
    CONFIRM_STUDIES = "confirm studies"
    CURATE_LABELS = "curate labels"
    READ_REPORTS = "read reports"
    LOAD_REPORTS = "load reports"
    READ_PHRASES = "read the phrase list"
    EDIT_PHRASES = "edit the phrase list"
    READ_IMAGES = "read images"
    WRITE_IMAGES = "write images"
    TRAIN = "train a model"
    SUBMIT_RESULTS = "submit results to the airlock"
    REVIEW_RESULTS = "review results in the airlock"


ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.SCIENTIST: frozenset(
        {
            Action.OPEN_LAB, Action.READ_REPORTS, Action.READ_PHRASES, Action.READ_IMAGES, Action.WRITE_IMAGES,
            Action.TRAIN, Action.SUBMIT_RESULTS, Action.REVIEW_RESULTS,
        }
    ),
    Role.ENGINEER: frozenset(
        {
            Action.OPEN_LAB, Action.READ_REPORTS, Action.LOAD_REPORTS, Action.READ_PHRASES, Action.READ_IMAGES,
            Action.WRITE_IMAGES, Action.TRAIN, Action.SUBMIT_RESULTS, Action.REVIEW_RESULTS,
        }
    ),
    Role.FELLOW: frozenset(
        {
            Action.OPEN_LABELING, Action.CONFIRM_STUDIES, Action.CURATE_LABELS, Action.READ_REPORTS, Action.LOAD_REPORTS,
            Action.READ_PHRASES, Action.EDIT_PHRASES, Action.READ_IMAGES, Action.SUBMIT_RESULTS,
        }
    ),
    Role.LABELER: frozenset({Action.OPEN_LABELING, Action.CONFIRM_STUDIES}),
    Role.CHAMPION: frozenset({Action.REVIEW_RESULTS}),
    Role.RADIOLOGIST: frozenset(),
    Role.LEADERSHIP: frozenset(),  # reads published aggregates; has no right inside a project
    Role.ADMINISTRATOR: frozenset(),  # keeps the roster; has no right inside a project
}  # fmt: skip
"""Role → the actions it allows. A role whose apps don't exist yet is allowed nothing.

A fellow sees a study's images beside its report: the final word is theirs. A labeler doesn't: the operating system opens a
project's images all or none, and labelers are to reach the studies that they are given, no others.
"""

NEEDS: Mapping[Action, Right] = {
    Action.OPEN_LABELING: Right(DataKind.REPORTS, Access.ROWS),
    Action.CONFIRM_STUDIES: Right(DataKind.REPORTS, Access.ROWS),
    Action.CURATE_LABELS: Right(DataKind.REPORTS, Access.WRITE),
    Action.READ_REPORTS: Right(DataKind.REPORTS, Access.READ),
    Action.LOAD_REPORTS: Right(DataKind.REPORTS, Access.WRITE),
    Action.READ_PHRASES: Right(DataKind.REPORTS, Access.READ),
    Action.EDIT_PHRASES: Right(DataKind.REPORTS, Access.WRITE),
    Action.READ_IMAGES: Right(DataKind.IMAGES, Access.READ),
    Action.WRITE_IMAGES: Right(DataKind.IMAGES, Access.WRITE),
    Action.TRAIN: Right(DataKind.IMAGES, Access.WRITE),
}
"""Action → what it needs of the project's data; the application must cover that kind. An action that isn't here needs none."""


def rights_of(role: Role, data: Iterable[DataKind]) -> dict[DataKind, Access]:
    """What `role` may do with each of the data kinds that an application covers; kinds that it has no right to are left out."""
    rights: dict[DataKind, Access] = {}
    covered = frozenset(data)
    for right in (NEEDS[action] for action in ALLOWED[role] if action in NEEDS):
        if right.kind in covered:
            rights[right.kind] = max(right.access, rights.get(right.kind, right.access))
    return rights
