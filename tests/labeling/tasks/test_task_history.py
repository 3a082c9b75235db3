"""Who changed what about a task, and taking it back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.history import StepKind
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_kernel.labeling.tasks.task_history import TaskChange, carried_out

WHOLE = Task("edema", TaskKind.SEVERAL, (Label("mild", 4), Label("severe", 0)), "Look twice.", frozenset({"history"}))
words = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)
tasks = st.builds(
    lambda names, guideline: Task("t", guideline=guideline).with_labels(names),
    words,
    st.sampled_from(["", "one", "two"]),
)


@pytest.fixture
def ann(projects):
    """The tasks for ann."""
    return TaskRepository(projects["ann"])


@pytest.fixture
def bob(projects):
    """The tasks for bob."""
    return TaskRepository(projects["bob"])


def task_of(repository: TaskRepository, task_id: int) -> Task:
    """The task as it is kept."""
    return next(stored.task for stored in repository.tasks() if stored.id == task_id)


def change(before: Task, after: Task) -> TaskChange:
    """A change that somebody made."""
    return TaskChange(1, "ann", datetime(2026, 1, 1, tzinfo=UTC), before, after)


def test_every_change_is_kept_with_all_of_the_task(ann, bob):
    """Who, when, and what it was before and after; what changes nothing of the words people use is told by its parts."""
    made = ann.make(WHOLE)
    read = replace(WHOLE, guideline="Look thrice.", labels=(WHOLE.labels[1],))
    ann.change(made.id, WHOLE, read)
    bob.change(made.id, read, replace(read, strata=("own",)))

    first, second = bob.changes(made.id)

    assert (first.person, first.before, first.after, first.parts) == ("ann", WHOLE, read, ("labels", "a guideline"))
    assert (second.person, second.kind, second.of_step, second.parts) == ("bob", StepKind.DO, None, ("strata tags",))
    assert first.step < second.step
    assert datetime.now(UTC) >= second.at >= first.at
    assert ann.changes(1) == ()


def test_changes_are_taken_back_and_done_again(ann):
    """The newest first; what is taken back is a change, too."""
    made = ann.make(WHOLE)
    one, two = replace(WHOLE, guideline="One."), replace(WHOLE, guideline="One.", left_out=frozenset())
    ann.change(made.id, WHOLE, one)
    ann.change(made.id, one, two)

    seen = []
    for step in (ann.undo, ann.undo, ann.redo, ann.redo):
        step(made.id)
        seen.append(task_of(ann, made.id))

    assert seen == [one, WHOLE, one, two]
    assert [one.kind for one in ann.changes(made.id)] == [StepKind.DO] * 2 + [StepKind.UNDO] * 2 + [StepKind.REDO] * 2
    for step, word in ((ann.redo, "do again"), (lambda _: [ann.undo(made.id) for _ in range(3)], "undo")):
        with pytest.raises(CcdsError, match=f"expected a change of yours to {word}; found none"):
            step(made.id)


def test_what_somebody_else_changed_since_is_not_taken_back(ann, bob):
    """Other parts are: each person takes back their own."""
    made = ann.make(WHOLE)
    ann.change(made.id, WHOLE, replace(WHOLE, guideline="Ann's.", left_out=frozenset()))
    ann.change(made.id, task_of(ann, made.id), replace(task_of(ann, made.id), strata=("anns",)))
    bob.change(made.id, task_of(bob, made.id), replace(task_of(bob, made.id), guideline="Bob's."))

    ann.undo(made.id)
    with pytest.raises(CcdsError, match="found a guideline that somebody else changed since"):
        ann.undo(made.id)

    assert task_of(ann, made.id) == replace(WHOLE, guideline="Bob's.", left_out=frozenset())
    assert len(ann.changes(made.id)) == 4


def test_labels_that_came_since_stay(projects, ann):
    """A phrase that was added meanwhile brought one; the order that was taken back is that of the others."""
    made = ann.make(WHOLE)
    ann.change(made.id, WHOLE, replace(WHOLE, labels=(WHOLE.labels[1], Label("new", 2), WHOLE.labels[0])))
    LabelingRepository(projects["bob"], made.id).insert_phrase(Phrase("fluid", "wet"), 0)

    ann.undo(made.id)

    assert task_of(ann, made.id).words == ("mild", "severe", "wet")
    assert task_of(ann, made.id).labels[:2] == WHOLE.labels


def test_a_label_that_is_in_use_by_now_is_not_taken_back(projects, ann):
    """One line, with the counts; the task stays as it is."""
    made = ann.make(WHOLE)
    ann.change(made.id, WHOLE, WHOLE.with_labels(["new"]))
    LabelingRepository(projects["ann"], made.id).insert_phrase(Phrase("fluid", "new"), 0)

    with pytest.raises(CcdsError, match=r"the label 'new' to be used nowhere .*; found 1 of the phrases"):
        ann.undo(made.id)

    assert task_of(ann, made.id).words == ("mild", "severe", "new")


def test_steps_of_tasks_and_phrases_have_one_order(projects, ann):
    """So that a screen knows which came last."""
    phrases = LabelingRepository(projects["ann"])
    before = task_of(ann, 1)
    phrases.insert_phrase(Phrase("one", "x"), 0)
    now = task_of(ann, 1)
    ann.change(1, now, replace(now, guideline="Between."))
    phrases.insert_phrase(Phrase("two", "x"), 1)

    first, last = phrases.changes()
    (between,) = ann.changes(1)

    assert before.words == ()
    assert first.step < between.step < last.step


def test_who_may_not_curate_takes_nothing_back(projects, ann):
    """A scientist sees the history."""
    before = task_of(ann, 1)
    ann.change(1, before, replace(before, guideline="Ann's."))
    sam = TaskRepository(projects["sam"])

    assert len(sam.changes(1)) == 1
    for step in (sam.undo, sam.redo):
        with pytest.raises(ProjectAccessDenied):
            step(1)


@given(before=tasks, after=tasks)
def test_a_change_is_undone_by_its_opposite(before, after):
    """Nobody else having changed anything; labels with their colours and in their order."""
    done = change(before, after)

    assert carried_out(before, done) == after
    assert carried_out(after, done.swapped) == before


@given(before=tasks, after=tasks, came=words)
def test_labels_of_others_survive(before, after, came):
    """Whatever was changed, what came since is there, and nothing that the change took out and nobody brought back."""
    now = after.with_labels(came)

    undone = carried_out(now, change(before, after).swapped)

    new = [word for word in now.words if word not in {*before.words, *after.words}]
    assert {*undone.words} >= {*new}
    assert {*undone.words} <= {*before.words, *new} | ({*now.words} if before.labels == after.labels else set())
