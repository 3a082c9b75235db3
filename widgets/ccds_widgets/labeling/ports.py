"""What the labelling app needs of whatever keeps reports, tasks and phrases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.tasks.choices import Choices
from ccds_kernel.labeling.tasks.history import Change
from ccds_kernel.labeling.tasks.own_steps import ToldSteps
from ccds_kernel.labeling.tasks.task import Task
from ccds_kernel.labeling.tasks.task_history import TaskChange


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

    def choices(self) -> Choices:
        """What a task may name. Raises a CcdsError where the person may not make or change one (any more)."""

    def cohorts(self) -> Collection[str]:
        """The cohorts among it: these alone are read at once. Raises likewise."""

    def unused(self, name: str) -> HasTask | None:
        """The task that a project begins with, where nobody has used it and a new one called `name` can take its place."""

    def make(self, task: Task) -> HasTask:
        """Adds a task. Raises a CcdsError where that can't be."""

    def change(self, task_id: int, before: Task, after: Task) -> None:
        """Puts `after` in the place of `before`. Raises a CcdsError where that loses what is in use."""

    def changes(self, task_id: int) -> Sequence[TaskChange]:
        """The history of a task, without its phrases', the oldest change first."""

    def undo(self, task_id: int) -> TaskChange:
        """Takes back this person's newest change of the task. Raises a CcdsError where there is none, or it can't be."""

    def redo(self, task_id: int) -> TaskChange:
        """Does again what this person took back last. Raises likewise."""


class Repository(Protocol):
    """Where one task's phrases are kept; `ccds_kernel.labeling.repository.LabelingRepository` is one.

    Each method asks anew whether the person may do it, and raises a CcdsError where not, or where the list has changed.
    """

    def phrases(self) -> Sequence[HasPhrase]:
        """The phrase list, the highest priority first; in a task of kind `several` the lists of all labels in one order."""

    def insert_phrase(self, phrase: Phrase, position: int, *, known: Collection[str]) -> HasPhrase:
        """Puts `phrase` at `position`, as long as the task has the labels `known`."""

    def append_phrases(self, phrases: Sequence[Phrase]) -> HasAppended:
        """Puts those of `phrases` that are new below the list."""

    def replace_phrase(self, phrase_id: int, phrase: Phrase, *, seen: Phrase, known: Collection[str]) -> None:
        """Puts `phrase` in the place of another one, as long as that is as it was `seen`, and the task has the labels `known`."""

    def move_phrase(self, phrase_id: int, position: int, *, seen: Phrase, order: Sequence[int]) -> None:
        """Gives a phrase another position, as long as it is as it was `seen`, and the list begins with the ids `order`."""

    def remove_phrase(self, phrase_id: int, *, seen: Phrase) -> None:
        """Takes a phrase off the list, as long as it is as it was `seen`."""

    def changes(self) -> Sequence[Change]:
        """The history of the list, the oldest change first."""

    def open_steps(self) -> ToldSteps:
        """What this person would take back next, of the phrases or of the task itself, and what they would do again."""

    def undo(self) -> Sequence[Change]:
        """Takes back this person's newest step."""

    def redo(self) -> Sequence[Change]:
        """Does again what this person took back last."""


class HasAppended(Protocol):
    """What became of phrases that were appended: counts."""

    @property
    def added(self) -> int:
        """New ones."""

    @property
    def known(self) -> int:
        """Those that the list has already, with the same label."""

    @property
    def conflicting(self) -> int:
        """Those that it has with another label, left out."""

    @property
    def differing(self) -> int:
        """Those that it has with other options, left out."""
