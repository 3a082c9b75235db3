"""Which step comes next, read from the newest backwards."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tasks.history import StepKind
from ccds_kernel.labeling.tasks.own_steps import OpenStep, OpenSteps, OwnStep, open_steps, possible_steps

DO, UNDO, REDO = StepKind


def pressed(keys: str) -> tuple[list[OwnStep], list[int], list[int]]:
    """The steps of who presses these keys, the oldest first, and the stacks of what they can undo and do again then."""
    steps: list[OwnStep] = []
    undoable: list[int] = []
    redoable: list[int] = []
    for number, key in enumerate(keys, 1):
        if key == "d":
            steps.append(OwnStep(number, DO, None))
            undoable.append(number)
            redoable.clear()
        elif key == "u" and undoable:
            redoable.append(undoable.pop())
            steps.append(OwnStep(number, UNDO, redoable[-1]))
        elif key == "r" and redoable:
            undoable.append(redoable.pop())
            steps.append(OwnStep(number, REDO, undoable[-1]))
    return steps, undoable, redoable


@given(keys=st.text("duur", max_size=40))
def test_it_is_the_same_as_with_two_stacks(keys):
    """Whatever somebody did and took back; the newest step about it is known, too."""
    steps, undoable, redoable = pressed(keys)

    found = open_steps(reversed(steps))

    for one, stack in ((found.undo, undoable), (found.redo, redoable)):
        assert (one and one.step) == (stack[-1] if stack else None)
        assert one is None or one.last == max(step.step for step in steps if one.step in {step.step, step.of_step})


def test_no_more_steps_are_read_than_it_takes():
    """After a step by hand one; after three that were taken back and one that was done again those and no older one."""
    steps, _, _ = pressed("d" * 5_000)
    again, _, _ = pressed("d" * 5_000 + "uuur")

    assert (_taken(steps), _taken(again)) == (1, 4 + 3)


def _taken(steps: list[OwnStep]) -> int:
    taken = 0

    def newest_first() -> Iterator[OwnStep]:
        nonlocal taken
        for one in reversed(steps):
            taken += 1
            yield one

    open_steps(newest_first())
    return taken


@pytest.mark.parametrize(("kind", "word"), [(UNDO, "undo"), (REDO, "do again")])
def test_where_there_is_nothing_one_line_says_so(kind, word):
    """As the page shows it."""
    with pytest.raises(CcdsError, match=f"expected a change of yours to {word}; found none; change something first"):
        open_steps([]).wanted(kind)


def test_what_is_wanted_is_the_one_of_that_kind():
    """An undo takes back what can be undone, a redo does again what was taken back."""
    steps = OpenSteps(OpenStep(1, 1), OpenStep(2, 3))

    assert (steps.wanted(UNDO), steps.wanted(REDO)) == (OpenStep(1, 1), OpenStep(2, 3))


@pytest.mark.parametrize(
    ("cohorts", "keys", "undo"),
    [
        ([None, None, "old", None], "ddd", 1),  # to one that is gone and off it
        ([None, "here", "old", "here"], "ddd", None),  # what was changed before is of something else than there is now
        ([None, "old", None, "here"], "ddd", 3),  # what was changed since is taken back as ever
        ([None, "here", "old"], "ddu", 1),  # it was taken back itself
        ([None, "here", "here"], "dd", 2),
    ],
)
def test_changes_of_a_cohort_that_can_not_come_back_are_passed_over(cohorts, keys, undo):
    """What was done before them is undone next, where it still fits."""
    steps, _, _ = pressed(keys)

    found = open_steps(
        possible_steps(
            reversed(steps), lambda step: (cohorts[step - 1], cohorts[step]), can_be_kept_to=lambda name: name == "here"
        )
    )

    assert (found.undo and found.undo.step) == undo
    assert found.redo is None
