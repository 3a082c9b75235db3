"""Who changed what about a task, and what taking that back means. Pure: values and rules, no database.

A change of a task is a step like one of its phrases (`history`), in the same order: a person takes back what they did last,
whichever it was. Of labels only what the change did is taken back: those that came since, with phrases, stay. Anything else
that somebody changed since isn't taken back.

Labels that come with a phrase are no change of their own: the phrase's history has them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

from ccds_kernel.labeling.tasks.changing import CALLED, changed_since
from ccds_kernel.labeling.tasks.history import StepKind
from ccds_kernel.labeling.tasks.task import Label, Task


@dataclass(frozen=True)
class TaskChange:
    """A task, changed.

    Attributes:
        step: its number; they ascend with time, over tasks and phrases.
        person: who.
        at: when (UTC).
        before: the task before.
        after: the task after.
        kind: whether it was done by hand, takes a step back, or does one again.
        of_step: the step that an undo or redo is of; None for one done by hand.
    """

    step: int
    person: str
    at: datetime
    before: Task
    after: Task
    kind: StepKind = StepKind.DO
    of_step: int | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """What people call that which differs: "labels", "a guideline", "a cohort (effusion-2020)"."""
        return changed_parts(self.before, self.after)

    @property
    def swapped(self) -> TaskChange:
        """The change that takes it back."""
        return replace(self, before=self.after, after=self.before)


def changed_parts(before: Task, after: Task) -> tuple[str, ...]:
    """What people call that which differs between two forms of a task; of a cohort also which one it is then."""
    return tuple(
        f"{CALLED[field.name]} ({after.cohort or 'none'})" if field.name == "cohort" else CALLED[field.name]
        for field in fields(Task)
        if getattr(before, field.name) != getattr(after, field.name)
    )


def carried_out(now: Task, change: TaskChange) -> Task:
    """The task as it is `now`, with what `change` does.

    Raises:
        CcdsError: somebody else has changed the same, other than labels, since it was as in `change.before`.
    """
    but_labels = changed_since(now, replace(change.before, labels=()), replace(change.after, labels=()))
    return replace(but_labels, labels=_labels(now, change))


def _labels(now: Task, change: TaskChange) -> tuple[Label, ...]:
    """Those of `now` without what the change takes out, with what it brings in, in its order; others stand behind."""
    before, after, there = change.before.words, change.after.words, set(now.words)
    if change.before.labels == change.after.labels:
        return now.labels
    kept = [label for label in change.after.labels if label.name in there or label.name not in before]
    others = [label for label in now.labels if label.name not in {*before, *after}]
    return (*kept, *others)
