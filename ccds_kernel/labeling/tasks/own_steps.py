"""Which step of a person is taken back next, and which is done again. Pure: from the newest step backwards, as far as it takes.

A task's history grows with every key that somebody presses, and is asked after each of them. What comes next stands near its
end: behind the newest step that was done by hand and isn't taken back nothing need be read.

Steps are undone and redone one after the other, so that of those that are taken back since the last one by hand the oldest is
done again first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tasks.history import Change, StepKind
from ccds_kernel.labeling.tasks.task_history import TaskChange


class OwnStep(NamedTuple):
    """A step of that person: its number, which ascends with time, its kind, and the step that an undo or redo is of."""

    step: int
    kind: StepKind
    of_step: int | None


@dataclass(frozen=True)
class OpenStep:
    """A step that can be taken back, or done again.

    Attributes:
        step: the one that was done by hand.
        last: the newest one about it: itself, or the one that took it back, or did it again, last.
    """

    step: int
    last: int


@dataclass(frozen=True)
class OpenSteps:
    """The step that an undo takes back, and the one that a redo does again; None where there is none."""

    undo: OpenStep | None
    redo: OpenStep | None

    def wanted(self, kind: StepKind) -> OpenStep:
        """The one that an undo (or redo, as `kind` says) is of.

        Raises:
            CcdsError: there is none.
        """
        found = self.undo if kind is StepKind.UNDO else self.redo
        if found is None:
            word = "undo" if kind is StepKind.UNDO else "do again"
            raise CcdsError(expected=f"a change of yours to {word}", found="none", do="change something first")
        return found


@dataclass(frozen=True)
class ToldStep:
    """What is told of a step: its first change, and how many there are."""

    first: Change | TaskChange
    changes: int


@dataclass(frozen=True)
class ToldSteps:
    """What an undo would take back, and what a redo would do again; None where there is nothing."""

    undo: ToldStep | None
    redo: ToldStep | None


def possible_steps(
    newest_first: Iterable[OwnStep],
    cohorts_of: Callable[[int], tuple[str | None, str | None]],
    can_be_kept_to: Callable[[str], bool],
) -> Iterator[OwnStep]:
    """Those of a person's steps on a task that don't stand in the way of the others.

    One from or to a cohort that the task can't be kept to any more could neither be taken back nor done again, however often it
    is tried, and what was done before it never. It is passed over; where it isn't taken back, so are older changes of the cohort,
    which were made on something else than there is now.

    Args:
        newest_first: the steps; no more of them are taken than are asked for.
        cohorts_of: the task's cohort before and after a step that was done by hand.
        can_be_kept_to: whether a task can be kept to the cohort of that name now.
    """
    is_passed: dict[int, bool] = {}
    is_final = False
    for one in newest_first:
        step = one.step if one.of_step is None else one.of_step
        if step not in is_passed:
            before, after = cohorts_of(step)
            can_be = all(name is None or can_be_kept_to(name) for name in (before, after))
            is_passed[step] = before != after and (is_final or not can_be)
            is_final |= is_passed[step] and one.kind is not StepKind.UNDO
        if not is_passed[step]:
            yield one


def open_steps(newest_first: Iterable[OwnStep]) -> OpenSteps:
    """What can be undone and done again, by a person's steps; no more of them are taken than it needs."""
    newest_of: dict[int, OwnStep] = {}
    redo: OpenStep | None = None
    redo_is_known = False
    for one in newest_first:
        if one.of_step is not None:
            newest_of.setdefault(one.of_step, one)
            continue
        if not redo_is_known:  # whatever was taken back before this one isn't done again
            undone = [of_step for of_step, newest in newest_of.items() if newest.kind is StepKind.UNDO]
            redo = OpenStep(min(undone), newest_of[min(undone)].step) if undone else None
            redo_is_known = True
        newest = newest_of.pop(one.step, one)
        if newest.kind is not StepKind.UNDO:
            return OpenSteps(OpenStep(one.step, newest.step), redo)
    return OpenSteps(None, redo)
