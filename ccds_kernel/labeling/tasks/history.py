"""Who changed which phrase, and what undoing it means. Pure: values and rules, no database.

A *change* is one phrase before and after; a *step* is what a person did at once, which may be many (an import). Each person
undoes their own steps, the newest first, and a step that somebody else has built upon isn't undone: where another person has
changed one of its phrases since, the undo is refused, and nothing is changed.

A phrase that was removed comes back under its own id, so that its history, and what was labelled by it, is one.

Rejected: one stack for everybody. Somebody's Ctrl+Z would take back what another fellow does at the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


def carried_back(whole: Sequence[Change], others: Collection[str], kind: StepKind) -> tuple[Change, ...]:
    """The changes of a step in the order in which they are carried out now.

    Each is the change that is to be made: for an undo `before` and `after` are swapped.

    Args:
        whole: what the step did, in its order.
        others: who else has changed one of its phrases since.
        kind: whether it is undone or done again.

    Raises:
        CcdsError: somebody else has.
    """
    if others:
        raise CcdsError(
            expected="phrases that nobody else has changed since",
            found=f"some that {' and '.join(sorted(others))} changed",
            do="look at the history, and change them by hand",
        )
    return tuple(reversed([*map(_swapped, whole)])) if kind is StepKind.UNDO else tuple(whole)


def _swapped(change: Change) -> Change:
    return Change(
        change.id, change.step, change.phrase_id, change.person, change.at, change.after, change.before, change.kind
    )
