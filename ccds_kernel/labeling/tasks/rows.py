"""The rows of tasks and of the history of phrases: statements on a connection whose transaction a repository holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.tables import phrase
from ccds_kernel.labeling.tasks import tables
from ccds_kernel.labeling.tasks.changing import refuse_beyond_limits
from ccds_kernel.labeling.tasks.history import Change, Form, StepKind
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_kernel.labeling.tasks.task_history import TaskChange


@dataclass(frozen=True)
class StoredTask:
    """A task of the project, who made it (empty for the one that every project has), and when (UTC)."""

    id: int
    task: Task
    created_by: str
    created_at: datetime


def tasks(connection: Connection) -> tuple[StoredTask, ...]:
    """Every task, the oldest first."""
    return tuple(
        StoredTask(
            row["id"],
            _task(row),
            row["created_by"],
            row["created_at"].replace(tzinfo=UTC),  # SQLite keeps no time zone; what is written is UTC
        )
        for row in connection.execute(select(tables.task).order_by(tables.task.c.id)).mappings()
    )


def task(connection: Connection, task_id: int) -> Task:
    """The task `task_id`.

    Raises:
        CcdsError: there is none.
    """
    found = [stored.task for stored in tasks(connection) if stored.id == task_id]
    if not found:
        raise CcdsError(expected="a task of this project", found="none of that number", do="load the page anew")
    return found[0]


def add_task(connection: Connection, new: Task, person: str) -> StoredTask:
    """Adds a task whose name no other one has."""
    now = datetime.now(UTC)
    task_id = connection.execute(
        insert(tables.task).values(**_values(new), created_by=person, created_at=now).returning(tables.task.c.id)
    ).scalar_one()
    return StoredTask(task_id, new, person, now)


def change_task(connection: Connection, task_id: int, after: Task) -> None:
    """Puts `after` in the place of task `task_id`."""
    connection.execute(update(tables.task).where(tables.task.c.id == task_id).values(**_values(after)))


def admit_labels(connection: Connection, task_id: int, phrases: Sequence[Phrase]) -> None:
    """Gives the task the labels that `phrases` stand for and it doesn't have.

    Raises:
        CcdsError: they would be too many, or one is too long.
    """
    before = task(connection, task_id)
    words = [one.label for one in phrases]
    if before.kind is TaskKind.ONE:  # elsewhere the word for the uncertain is what is said of the label
        words += [one.uncertain_label for one in phrases if one.uncertain_label is not None]
    after = before.with_labels(words)
    if after is not before:
        refuse_beyond_limits(before, after)
        change_task(connection, task_id, after)


def phrases_by_word(connection: Connection, task_id: int) -> Counter[str]:
    """Label → how many phrases of the task stand for it, certain or not."""
    uses: Counter[str] = Counter()
    for column in (phrase.c.label, phrase.c.uncertain_label):
        query = select(column, func.count()).where(phrase.c.task_id == task_id).group_by(column)
        uses.update({word: count for word, count in connection.execute(query) if word is not None})
    return uses


def changes(connection: Connection, task_id: int) -> tuple[Change, ...]:
    """Every change of the task's phrases, the oldest first."""
    query = select(tables.phrase_change).where(tables.phrase_change.c.task_id == task_id)
    return tuple(change_of(row) for row in connection.execute(query.order_by(tables.phrase_change.c.id)))


def next_step(connection: Connection) -> int:
    """The number of the step that comes next; what is changed at once has one."""
    newest = (
        select(table.c.step).order_by(table.c.id.desc()).limit(1)
        for table in (tables.phrase_change, tables.task_change)
    )
    return max(connection.scalar(query) or 0 for query in newest) + 1


def task_changes(connection: Connection, task_id: int) -> tuple[TaskChange, ...]:
    """Every change of the task itself, the oldest first."""
    query = select(tables.task_change).where(tables.task_change.c.task_id == task_id)
    return tuple(task_change_of(row) for row in connection.execute(query.order_by(tables.task_change.c.id)))


def change_of(row: Row[Any]) -> Change:
    """The change of a phrase that a row tells."""
    return Change(
        row.id,
        row.step,
        row.phrase_id,
        row.person,
        row.at.replace(tzinfo=UTC),
        _form(row.before),
        _form(row.after),
        StepKind(row.kind),
        row.of_step,
    )


def task_change_of(row: Row[Any]) -> TaskChange:
    """The change of a task that a row tells."""
    return TaskChange(
        row.step,
        row.person,
        row.at.replace(tzinfo=UTC),
        _task(json.loads(row.before)),
        _task(json.loads(row.after)),
        StepKind(row.kind),
        row.of_step,
    )


def add_task_change(connection: Connection, task_id: int, new: TaskChange) -> None:
    """Adds a change of the task itself."""
    connection.execute(
        insert(tables.task_change).values(
            step=new.step,
            task_id=task_id,
            person=new.person,
            at=new.at,
            before=json.dumps(_values(new.before)),
            after=json.dumps(_values(new.after)),
            kind=new.kind.value,
            of_step=new.of_step,
        )
    )


def add_changes(connection: Connection, task_id: int, new: Iterable[Change]) -> None:
    """Adds changes, which get ids of their own."""
    values = [
        {
            "step": change.step,
            "task_id": task_id,
            "phrase_id": change.phrase_id,
            "person": change.person,
            "at": change.at,
            "before": _told(change.before),
            "after": _told(change.after),
            "kind": change.kind.value,
            "of_step": change.of_step,
        }
        for change in new
    ]
    if values:
        connection.execute(insert(tables.phrase_change), values)


def _task(values: Mapping[Any, Any]) -> Task:
    """The task of a row, as `_values` writes it."""
    return Task(
        values["name"],
        TaskKind(values["kind"]),
        tuple(Label(one["name"], one["colour"]) for one in json.loads(values["labels"])),
        values["guideline"],
        frozenset(json.loads(values["left_out"])),
        RADIOLOGY if values["cues"] is None else Cues.from_lists(json.loads(values["cues"])),
        tuple(json.loads(values["strata"])),
        values.get("cohort"),  # of a change that was kept before there were any, there is none
    )


def _values(of: Task) -> dict[str, object]:
    return {
        "name": of.name,
        "kind": of.kind.value,
        "labels": json.dumps([{"name": label.name, "colour": label.colour} for label in of.labels]),
        "guideline": of.guideline,
        "left_out": json.dumps(sorted(of.left_out)),
        "cues": None if of.cues == RADIOLOGY else json.dumps(of.cues.to_lists()),
        "strata": json.dumps(of.strata),
        "cohort": of.cohort,
    }


def _told(form: Form | None) -> str | None:
    if form is None:
        return None
    phrase = form.phrase
    fields = [phrase.text, phrase.label, phrase.negatable, phrase.uncertain_label, phrase.excludes]
    return json.dumps([*fields, form.position])


def _form(told: str | None) -> Form | None:
    if told is None:
        return None
    text, label, negatable, uncertain_label, excludes, position = json.loads(told)
    return Form(Phrase(text, label, negatable, uncertain_label, excludes), position)
