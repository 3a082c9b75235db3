"""The rows of answers: statements on a connection whose transaction a repository holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind, Refused
from ccds_kernel.labeling.confirmation.batch import Planted, Said
from ccds_kernel.labeling.confirmation.batch_rows import StoredItem, is_there
from ccds_kernel.labeling.confirmation.json_text import said_of, told, told_or_none
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import within
from ccds_kernel.labeling.tables import report

_answer, _item, _batch = tables.answer, tables.item, tables.batch


@dataclass(frozen=True)
class StoredAnswer:
    """An answer as it was kept.

    Attributes:
        number: its place in the order in which answers came to the project, from 1; never another's.
        answer: what came.
        batch_id: its batch.
        labeler: whose.
        said: what it says the labels are: those corrected to, or the prefill where it was confirmed; None where it doesn't say.
        shown: the prefill that the labeler saw.
        phrase_id: the phrase by which the study was grouped.
        planted: whether the study is from the gold set.
        at: when (UTC).
        refused: why it counts for nothing; None where it counts.
    """

    number: int
    answer: Answer
    batch_id: int
    labeler: str
    said: Said | None
    shown: Said
    phrase_id: int | None
    planted: Planted
    at: datetime
    refused: Refused | None


def by_client_id(connection: Connection, ids: Iterable[str]) -> dict[str, StoredAnswer]:
    """The answers that are kept under these ids."""
    query = _with_study().where(_answer.c.client_id.in_(sorted(set(ids))))
    return {stored.answer.id: stored for stored in _read(connection, query)}


def last_that_counts(connection: Connection, lease_id: int) -> str | None:
    """The id of the newest answer that counts under a lease and is not undone; None where there is none."""
    query = (
        select(_answer.c.client_id, _answer.c.kind)
        .where(_answer.c.lease_id == lease_id, _answer.c.refused.is_(None))
        .order_by(_answer.c.id.desc())
        .limit(1)
    )
    newest = connection.execute(query).first()
    return None if newest is None or newest.kind == AnswerKind.UNDO.value else newest.client_id


def add(
    connection: Connection, answer: Answer, item: StoredItem, labeler: str, *, now: datetime, refused: Refused | None
) -> None:
    """Keeps an answer."""
    connection.execute(
        insert(_answer).values(
            client_id=answer.id,
            lease_id=answer.lease,
            item_id=item.id,
            labeler=labeler,
            kind=answer.kind.value,
            labels=told_or_none(answer.labels),
            note=answer.note,
            shown=told(item.prefill),
            seconds=answer.seconds,
            undoes=answer.undoes,
            answered_at=now,
            refused=None if refused is None else refused.value,
        )
    )


def every(
    connection: Connection,
    *,
    task_id: int | None = None,
    batch_id: int | None = None,
    labeler: str | None = None,
    after: int = 0,
    reach: Reach | None = None,
) -> Iterator[StoredAnswer]:
    """Every answer of a task, a batch or a labeler with a number above `after`, the oldest first: refused and undone ones too.

    Of studies within `reach`; of all where it is None.
    """
    query = _with_study().where(_answer.c.id > after).order_by(_answer.c.id)
    if task_id is not None:
        query = query.where(_batch.c.task_id == task_id)
    if batch_id is not None:
        query = query.where(_batch.c.id == batch_id)
    if labeler is not None:
        query = query.where(_answer.c.labeler == labeler)
    if reach is not None:
        query = query.where(within(reach))
    return _read(connection, query)


def counting(answers: Iterable[StoredAnswer]) -> tuple[StoredAnswer, ...]:
    """Those of `answers` (the oldest first) that count now: not refused, not undone, and no undos.

    A labeler has at most one for a study of a batch, skips left out. An undo takes back what its labeler said under the same
    lease; one of anything else, which only a row that was written past the program can be, is passed over.
    """
    standing: dict[str, StoredAnswer] = {}
    for stored in answers:
        if stored.refused is not None:
            continue
        if stored.answer.undoes is None:
            standing[stored.answer.id] = stored
            continue
        undone = standing.get(stored.answer.undoes)
        if undone is not None and (undone.labeler, undone.answer.lease) == (stored.labeler, stored.answer.lease):
            del standing[undone.answer.id]
    return tuple(standing.values())


def unanswered_prefills(connection: Connection, task_id: int) -> list[tuple[str, Said]]:
    """Study key and prefill of every study in a batch of the task that still wants an answer; not in one that was taken away."""
    query = (
        select(report.c.study_key, _item.c.prefill)
        .join(_item, _item.c.report_id == report.c.id)
        .join(_batch, _batch.c.id == _item.c.batch_id)
        .where(_batch.c.task_id == task_id, _item.c.seats > 0, is_there(_batch.c.id))
    )
    return [(row.study_key, said_of(row.prefill)) for row in connection.execute(query)]


def _with_study() -> Select[Any]:
    return (
        select(_answer, _item.c.batch_id, _item.c.phrase_id, _item.c.planted, report.c.study_key)
        .join(_item, _item.c.id == _answer.c.item_id)
        .join(_batch, _batch.c.id == _item.c.batch_id)
        .join(report, report.c.id == _item.c.report_id)
    )


def _read(connection: Connection, query: Select[Any]) -> Iterator[StoredAnswer]:
    return map(_stored, connection.execute(query))


def _stored(row: Row[Any]) -> StoredAnswer:
    labels, shown, kind = None if row.labels is None else said_of(row.labels), said_of(row.shown), AnswerKind(row.kind)
    answer = Answer(row.client_id, row.lease_id, row.study_key, kind, row.seconds, labels, row.note, row.undoes)
    return StoredAnswer(
        row.id,
        answer,
        row.batch_id,
        row.labeler,
        shown if kind is AnswerKind.CONFIRM else labels,
        shown,
        row.phrase_id,
        Planted(row.planted),
        row.answered_at.replace(tzinfo=UTC),  # SQLite keeps no time zone; what is written is UTC
        None if row.refused is None else Refused(row.refused),
    )
