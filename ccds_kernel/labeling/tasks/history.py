"""Who changed which phrase, and what undoing it means. Pure: values and rules, no database.

A *change* is one phrase before and after; a *step* is what a person did at once, which may be many (an import). Each person
undoes their own steps, the newest first, and a step that somebody else has built upon isn't undone: where another person has
changed one of its phrases since, the undo is refused, and nothing is changed.

A phrase that was removed comes back under its own id, so that its history, and what was labelled by it, is one.

Rejected: one stack for everybody. Somebody's Ctrl+Z would take back what another fellow does at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import Phrase


class StepKind(StrEnum):
    """Whether a step was done by hand, takes one back, or does one again that was taken back."""

    DO = "do"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Form:
    """A phrase as it stood: its words and options, and its place in the task's list."""

    phrase: Phrase
    position: int


@dataclass(frozen=True)
class Change:
    """One phrase, changed.

    Attributes:
        id: the change's number; they ascend with time. 0 for one that isn't kept yet.
        step: of which it is a part.
        phrase_id: the phrase.
        person: who.
        at: when (UTC).
        before: the phrase before; None where it was inserted.
        after: the phrase after; None where it was removed.
        kind: of the step.
        of_step: the step that an undo or redo is of; None for one done by hand.
    """

    id: int
    step: int
    phrase_id: int
    person: str
    at: datetime
    before: Form | None
    after: Form | None
    kind: StepKind = StepKind.DO
    of_step: int | None = None

    @property
    def what(self) -> str:
        """What happened to the phrase, in the audit log's word."""
        if self.before is None or self.after is None:
            return "inserted" if self.before is None else "removed"
        return "edited" if self.before.phrase != self.after.phrase else "moved"


class Step(Protocol):
    """What a step consists of: changes of phrases, or one of the task (`task_history`)."""

    @property
    def step(self) -> int:
        """Its number; they ascend with time."""

    @property
    def person(self) -> str:
        """Who."""

    @property
    def kind(self) -> StepKind:
        """By hand, or taking back or doing again another one."""

    @property
    def of_step(self) -> int | None:
        """The other one."""


@dataclass(frozen=True)
class Stacks:
    """A person's steps done by hand that can be undone, and those undone that can be done again; the next one is the last."""

    undoable: tuple[int, ...]
    redoable: tuple[int, ...]


def stacks_of(person: str, changes: Iterable[Step]) -> Stacks:
    """What `person` can undo and do again, by all `changes` of the task, the oldest first."""
    steps = dict.fromkeys((one.step, one.kind, one.of_step) for one in changes if one.person == person)
    undoable: list[int] = []
    redoable: list[int] = []
    for step, kind, of_step in steps:
        match kind:
            case StepKind.DO:
                undoable.append(step)
                redoable.clear()
            case StepKind.UNDO if of_step is not None:
                undoable.remove(of_step)
                redoable.append(of_step)
            case StepKind.REDO if of_step is not None:
                redoable.remove(of_step)
                undoable.append(of_step)
    return Stacks(tuple(undoable), tuple(redoable))


def next_step(person: str, changes: Iterable[Step], kind: StepKind) -> int:
    """The step that an undo (or redo, as `kind` says) of `person` is of.

    Raises:
        CcdsError: there is none.
    """
    stacks = stacks_of(person, changes)
    open_steps = stacks.undoable if kind is StepKind.UNDO else stacks.redoable
    if not open_steps:
        word = "undo" if kind is StepKind.UNDO else "do again"
        raise CcdsError(expected=f"a change of yours to {word}", found="none", do="change something first")
    return open_steps[-1]


def next_step_back(person: str, changes: Sequence[Change], kind: StepKind) -> tuple[int, tuple[Change, ...]]:
    """The step that an undo (or redo, as `kind` says) is of, and its changes in the order in which they are carried out.

    Each is the change that is to be made now: for an undo `before` and `after` are swapped.

    Raises:
        CcdsError: there is nothing, or somebody else has changed one of its phrases since.
    """
    of_step = next_step(person, changes, kind)
    phrases = {one.phrase_id for one in changes if one.step == of_step}
    own = max(one.id for one in changes if of_step in {one.step, one.of_step})
    if others := {one.person for one in changes if one.id > own and one.phrase_id in phrases and one.person != person}:
        raise CcdsError(
            expected="phrases that nobody else has changed since",
            found=f"some that {' and '.join(sorted(others))} changed",
            do="look at the history, and change them by hand",
        )
    whole = [one for one in changes if one.step == of_step]
    return of_step, tuple(reversed([*map(_swapped, whole)])) if kind is StepKind.UNDO else tuple(whole)


def _swapped(change: Change) -> Change:
    return Change(
        change.id, change.step, change.phrase_id, change.person, change.at, change.after, change.before, change.kind
    )
