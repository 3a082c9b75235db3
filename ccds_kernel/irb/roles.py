"""What each role may do: one table, role × action."""

from __future__ import annotations

from enum import StrEnum


class DataKind(StrEnum):
    """What an IRB application approves the use of."""

    IMAGES = "images"
    REPORTS = "reports"


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
    READ_REPORTS = "read reports"
    LOAD_REPORTS = "load reports"
    READ_PHRASES = "read the phrase list"
    EDIT_PHRASES = "edit the phrase list"
    READ_IMAGES = "read images"
    TRAIN = "train a model"


ALLOWED: dict[Role, frozenset[Action]] = {
    Role.SCIENTIST: frozenset(
        {Action.OPEN_LAB, Action.READ_REPORTS, Action.READ_PHRASES, Action.READ_IMAGES, Action.TRAIN}
    ),
    Role.ENGINEER: frozenset(
        {
            Action.OPEN_LAB,
            Action.READ_REPORTS,
            Action.LOAD_REPORTS,
            Action.READ_PHRASES,
            Action.READ_IMAGES,
            Action.TRAIN,
        }
    ),
    Role.FELLOW: frozenset(
        {Action.OPEN_LABELING, Action.READ_REPORTS, Action.LOAD_REPORTS, Action.READ_PHRASES, Action.EDIT_PHRASES}
    ),
    Role.LABELER: frozenset(),
    Role.CHAMPION: frozenset(),
    Role.RADIOLOGIST: frozenset(),
    Role.LEADERSHIP: frozenset(),  # reads published aggregates; has no right inside a project
    Role.ADMINISTRATOR: frozenset(),  # keeps the roster; has no right inside a project
}
"""Role → the actions it allows. A role whose apps don't exist yet is allowed nothing."""

NEEDS: dict[Action, DataKind] = {
    Action.OPEN_LABELING: DataKind.REPORTS,
    Action.READ_REPORTS: DataKind.REPORTS,
    Action.LOAD_REPORTS: DataKind.REPORTS,
    Action.READ_IMAGES: DataKind.IMAGES,
    Action.TRAIN: DataKind.IMAGES,
}
"""Action → the data kind that the application must cover for it."""
