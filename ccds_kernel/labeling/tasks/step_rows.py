"""The rows of one person's steps, and of one step: statements on a connection whose transaction a repository holds.

Of a history that grows with every key only its end is read, by the index that has a person's steps in their order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, select

from ccds_kernel.labeling.tasks import tables
from ccds_kernel.labeling.tasks.history import Change, StepKind
from ccds_kernel.labeling.tasks.own_steps import (
    OpenStep,
    OwnStep,
    ToldStep,
    ToldSteps,
    open_steps,
    possible_steps,
)
from ccds_kernel.labeling.tasks.rows import change_of, task_change_of
from ccds_kernel.labeling.tasks.task_history import TaskChange

_FIRST_PAGE = 8
"""How many steps are read at first: mostly the newest is all that is asked for."""


def own_phrase_steps(connection: Connection, task_id: int, person: str) -> Iterator[OwnStep]:
    """The steps of `person` on the task's phrases, the newest first; no more pages of them are read than are taken."""
    return _own_steps(connection, tables.phrase_change, task_id, person)


def own_task_steps(
    connection: Connection, task_id: int, person: str, can_be_kept_to: Callable[[str], bool]
) -> Iterator[OwnStep]:
    """Likewise those on the task itself, as `possible_steps` has them."""

    def cohorts_of(step: int) -> tuple[str | None, str | None]:
        (change,) = task_changes_of(connection, task_id, person, step)
        return change.before.cohort, change.after.cohort

    return possible_steps(_own_steps(connection, tables.task_change, task_id, person), cohorts_of, can_be_kept_to)


def told_steps(connection: Connection, task_id: int, person: str, can_be_kept_to: Callable[[str], bool]) -> ToldSteps:
    """What `person` would take back and do again next, of the task's phrases and the task itself together; `can_be_kept_to` as of
    `possible_steps`.
    """
    of_task = own_task_steps(connection, task_id, person, can_be_kept_to)
    both = own_phrase_steps(connection, task_id, person), of_task
    found = open_steps(heapq.merge(*both, key=lambda one: -one.step))
    told = [None if one is None else _told(connection, task_id, person, one.step) for one in (found.undo, found.redo)]
    return ToldSteps(*told)


def changes_of(connection: Connection, task_id: int, person: str, step: int) -> tuple[Change, ...]:
    """What a step of `person` did to the task's phrases, in its order."""
    return tuple(change_of(row) for row in connection.execute(_of_step(tables.phrase_change, task_id, person, step)))


def task_changes_of(connection: Connection, task_id: int, person: str, step: int) -> tuple[TaskChange, ...]:
    """Likewise to the task itself: one change, or none where it is a step of its phrases."""
    return tuple(task_change_of(row) for row in connection.execute(_of_step(tables.task_change, task_id, person, step)))


def others_since(connection: Connection, task_id: int, person: str, own: OpenStep) -> set[str]:
    """Who but `person` has changed one of the phrases of a step since the newest step about it."""
    change = tables.phrase_change
    last = select(func.max(change.c.id)).where(_is_step(change, task_id, person, own.last))
    phrases = select(change.c.phrase_id).where(_is_step(change, task_id, person, own.step))
    query = select(change.c.person).where(
        change.c.task_id == task_id,
        change.c.id > last.scalar_subquery(),
        change.c.person != person,
        change.c.phrase_id.in_(phrases),
    )
    return set(connection.scalars(query.distinct()))


def _own_steps(connection: Connection, table: Table, task_id: int, person: str) -> Iterator[OwnStep]:
    query = select(table.c.step, table.c.kind, table.c.of_step).distinct().order_by(table.c.step.desc())
    query = query.where(table.c.task_id == task_id, table.c.person == person)
    page, rest = _FIRST_PAGE, query
    while True:
        found = connection.execute(rest.limit(page)).all()
        yield from (OwnStep(row.step, StepKind(row.kind), row.of_step) for row in found)
        if len(found) < page:
            return
        page, rest = 4 * page, query.where(table.c.step < found[-1].step)


def _told(connection: Connection, task_id: int, person: str, step: int) -> ToldStep:
    if of_task := task_changes_of(connection, task_id, person, step):
        return ToldStep(of_task[0], 1)
    of_step = _of_step(tables.phrase_change, task_id, person, step)
    first = change_of(connection.execute(of_step.limit(1)).one())
    count = select(func.count()).where(_is_step(tables.phrase_change, task_id, person, step))
    return ToldStep(first, connection.execute(count).scalar_one())


def _is_step(table: Table, task_id: int, person: str, step: int) -> ColumnElement[bool]:
    return and_(table.c.task_id == task_id, table.c.person == person, table.c.step == step)


def _of_step(table: Table, task_id: int, person: str, step: int) -> Select[Any]:
    # one step is of one kind: by the index's own order, or an engine goes through the history by the other one, which has ids
    own_order = table.c.kind, table.c.of_step, table.c.id
    return select(table).where(_is_step(table, task_id, person, step)).order_by(*own_order)
