"""A person's newest steps, on each store: what is told of them, and that the rest of a history isn't read for it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, insert

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks import rows, step_rows, tables
from ccds_kernel.labeling.tasks.own_steps import ToldStep, ToldSteps
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.labeling.tasks.task_history import TaskChange


def told(step: ToldStep | None) -> tuple[str, int] | None:
    """What a page makes of it: the words of its first phrase, or the labels of the task; and of how many changes it is."""
    if step is None:
        return None
    if isinstance(step.first, TaskChange):
        return " ".join(step.first.after.words), step.changes
    form = step.first.after or step.first.before
    return form.phrase.text, step.changes


def both(steps: ToldSteps) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
    """What would be undone, and done again."""
    return told(steps.undo), told(steps.redo)


def test_phrases_and_the_task_have_one_order_of_steps(either):
    """Each person has their own; an import is one step, and a step by hand ends what could be done again."""
    ann, bob = (LabelingRepository(either[name]) for name in ("ann", "bob"))
    tasks = TaskRepository(either["ann"])
    before = both(ann.open_steps())
    ann.append_phrases([Phrase("one", "x"), Phrase("two", "x")])
    tasks.change(1, tasks.tasks()[0].task, Task("labels", labels=(Label("x", 0), Label("y", 1))))
    bob.insert_phrase(Phrase("three", "x"), 2)
    of_task = both(ann.open_steps())
    tasks.undo(1)
    of_import = both(ann.open_steps())
    ann.undo()
    nothing = both(ann.open_steps())
    ann.redo()
    again = both(ann.open_steps())
    ann.insert_phrase(Phrase("four", "x"), 0)

    assert before == (None, None)
    assert of_task == (("x y", 1), None)
    assert of_import == (("one", 2), ("x y", 1))
    assert nothing == (None, ("one", 2))
    assert again == (("one", 2), ("x y", 1))
    assert both(ann.open_steps()) == (("four", 1), None)
    assert both(bob.open_steps()) == (("three", 1), None)


def test_steps_of_another_task_are_others(either):
    """The same person, two lists."""
    ann = LabelingRepository(either["ann"])
    second = LabelingRepository(either["ann"], TaskRepository(either["ann"]).make(Task("edema")).id)
    second.insert_phrase(Phrase("edema", "x"), 0)

    assert both(ann.open_steps()) == (None, None)
    with pytest.raises(CcdsError, match="expected a change of yours to undo; found none"):
        ann.undo()


def test_who_built_upon_a_step_since_it_was_done_again_is_told(either):
    """What somebody changed before it was done again hinders nobody: it is as it was then."""
    ann, bob = (LabelingRepository(either[name]) for name in ("ann", "bob"))
    one = ann.insert_phrase(Phrase("one", "x"), 0)
    bob.replace_phrase(one.id, Phrase("one", "y"))
    bob.undo()
    ann.replace_phrase(one.id, Phrase("uno", "x"))
    ann.undo()
    ann.redo()
    ann.undo()
    bob.insert_phrase(Phrase("two", "x"), 0)
    ann.redo()
    bob.move_phrase(one.id, 0)

    with pytest.raises(CcdsError, match="found some that bob changed"):
        ann.undo()


@pytest.mark.parametrize("back", [0, 30])
def test_a_long_history_is_not_read(either, back):
    """However many steps there are, it takes pages from the newest on, and the step itself."""
    ann = LabelingRepository(either["ann"])
    stored = ann.insert_phrase(Phrase("one", "x"), 0)
    with either["ann"].store.writing() as connection:
        (change,) = rows.changes(connection, 1)
        repeated = {
            "task_id": 1,
            "phrase_id": stored.id,
            "at": change.at,
            "before": '["one", "x", false, null, false, 0]',
        }
        begin = change.step + 1
        connection.execute(
            insert(tables.phrase_change),
            [
                {**repeated, "step": begin + number, "person": "ann", "after": repeated["before"], "kind": "do"}
                for number in range(1_000)
            ],
        )
    for _ in range(back):
        ann.undo()

    with either["ann"].store.reading() as connection, executed() as statements:
        found = step_rows.told_steps(connection, 1, "ann")

    assert found.undo is not None
    assert found.undo.first.step == begin + 999 - back
    assert len(statements) <= 10
    assert all("LIMIT" in one or ".step = " in one for one in statements), statements


@contextmanager
def executed() -> Iterator[list[str]]:
    """The statements that were executed within the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
