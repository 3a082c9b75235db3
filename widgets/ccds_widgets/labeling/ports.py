"""What the labelling app needs of whatever keeps reports, tasks and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.tasks.task import Task


class HasReport(Protocol):
    """A stored report."""

    @property
    def study_key(self) -> str:
        """Its name: the only one that leaves the kernel."""

    @property
    def report(self) -> Report:
        """What it says."""


class HasPhrase(Protocol):
    """A stored phrase."""

    @property
    def id(self) -> int:
        """Its name, which no change of the list shifts."""

    @property
    def phrase(self) -> Phrase:
        """What it looks for, and its label."""


class HasTask(Protocol):
    """A stored task."""

    @property
    def id(self) -> int:
        """Its name, which no change of the task shifts."""

    @property
    def task(self) -> Task:
        """What is labelled."""


class Tasks(Protocol):
    """Where tasks are kept; `ccds_kernel.labeling.tasks.repository.TaskRepository` is one."""

    def tasks(self) -> Sequence[HasTask]:
        """Every task, the oldest first. Raises a CcdsError where the person may not see them (any more)."""


class Repository(Protocol):
    """Where reports and phrases are kept; `ccds_kernel.labeling.repository.LabelingRepository` is one.

    Each method asks anew whether the person may do it, and raises a CcdsError where not, or where the list has changed.
    """

    def reports(self) -> Sequence[HasReport]:
        """Every report, in a fixed order."""

    def phrases(self) -> Sequence[HasPhrase]:
        """The phrase list, the highest priority first."""

    def insert_phrase(self, phrase: Phrase, position: int) -> HasPhrase:
        """Puts `phrase` at `position`."""

    def move_phrase(self, phrase_id: int, position: int) -> None:
        """Gives a phrase another position."""

    def remove_phrase(self, phrase_id: int) -> None:
        """Takes a phrase off the list."""
