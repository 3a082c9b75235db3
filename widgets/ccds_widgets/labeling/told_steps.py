"""What a page says of a step that is taken back, done again or told in the history. Pure."""

from __future__ import annotations

from typing import Any

from ccds_kernel.labeling.tasks.history import Change
from ccds_kernel.labeling.tasks.own_steps import ToldStep
from ccds_kernel.labeling.tasks.task_history import TaskChange

Answer = dict[str, Any]


def is_of_task(step: ToldStep | None) -> bool:
    """Whether a step is a change of the task itself."""
    return step is not None and isinstance(step.first, TaskChange)


def told_step(first: Change | TaskChange, changes: int) -> Answer:
    """What a page says of a step of so many changes: what happened to its first phrase, and how many more it touched; or the
    parts of the task.
    """
    if isinstance(first, TaskChange):
        return {"what": "task", "text": told_parts(first), "more": 0}
    form = first.after or first.before
    return {"what": first.what, "text": form.phrase.text if form else "", "more": changes - 1}


def told_parts(change: TaskChange) -> str:
    """What of the task was changed, in words."""
    return " and ".join(part.removeprefix("a ") for part in change.parts)
