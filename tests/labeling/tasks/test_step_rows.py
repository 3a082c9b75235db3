"""A person's newest steps, on each store: what is told of them, and that the rest of a history isn't read for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
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
    newest = a_thousand_steps(either["ann"])
    for _ in range(back):
        ann.undo()

    with either["ann"].store.reading() as connection, executed() as statements:
        found = step_rows.told_steps(connection, 1, "ann", lambda _: True)

    assert found.undo is not None
    assert found.undo.first.step == newest - back
    assert len(statements) <= 10


@pytest.mark.parametrize("back", [0, 30])
def test_a_long_history_is_read_off_the_index(projects, back):
    """By SQLite's own plan: a page of steps in its order, so that the rest isn't sorted; what one step did, by its number."""
    newest = a_thousand_steps(projects["ann"])
    for _ in range(back):
        LabelingRepository(projects["ann"]).undo()

    with projects["ann"].store.reading() as connection:
        with executed() as statements:
            step_rows.told_steps(connection, 1, "ann", lambda _: True)
            step_rows.changes_of(connection, 1, "ann", newest - back)
        plans = [plan_of(connection, one) for one in statements if "phrase_change" in one.text]

    by_index = "SEARCH phrase_change USING {}INDEX ix_phrase_change_person (task_id=? AND person=?{})".format
    page = {by_index("COVERING ", more) for more in ("", " AND step<?")}
    step = {by_index(covering, " AND step=?") for covering in ("", "COVERING ")}
    assert set(plans) <= page | step, plans
    assert set(plans) & page
    assert set(plans) & step


def a_thousand_steps(project: Project) -> int:
    """Has ann change a phrase of hers a thousand times; returns the number of the newest step."""
    stored = LabelingRepository(project).insert_phrase(Phrase("one", "x"), 0)
    with project.store.writing() as connection:
        (change,) = rows.changes(connection, 1)
        form = '["one", "x", false, null, false, 0]'
        repeated = {
            "task_id": 1, "phrase_id": stored.id, "at": change.at, "before": form, "after": form, "person": "ann", "kind": "do"
        }  # fmt: skip
        steps = range(change.step + 1, change.step + 1_001)
        connection.execute(insert(tables.phrase_change), [{**repeated, "step": step} for step in steps])
    return steps[-1]


@dataclass(frozen=True)
class Executed:
    """A statement as the database was given it."""

    text: str
    values: tuple[object, ...]


@contextmanager
def executed() -> Iterator[list[Executed]]:
    """The statements that were executed within the block."""
    statements: list[Executed] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        statements.append(Executed(statement, tuple(values)))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plan_of(connection: Connection, statement: Executed) -> str:
    """How SQLite carries it out, a step on each line."""
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)
    return "\n".join(row.detail for row in plan)
