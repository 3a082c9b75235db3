"""The rows of batches: statements on a connection whose transaction a repository holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import LeaseState
from ccds_kernel.labeling.confirmation.batch import BatchItem, Planted, Said
from ccds_kernel.labeling.confirmation.json_text import said_of, told
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import within
from ccds_kernel.labeling.tables import report

_AT_ONCE = 500


@dataclass(frozen=True)
class StoredBatch:
    """A batch of the project.

    Attributes:
        id: its number.
        task_id: the task's.
        name: what people call it.
        overlap: to how many labelers each study goes.
        labelers: who may take studies of it, by name.
        created_by: who made it.
        created_at: when (UTC).
        removed_by: who took it away; None as long as it is there.
    """

    id: int
    task_id: int
    name: str
    overlap: int
    labelers: tuple[str, ...]
    created_by: str
    created_at: datetime
    removed_by: str | None = None


@dataclass(frozen=True)
class StoredItem:
    """A study of a batch, as it lies there."""

    id: int
    report_id: int
    study_key: str
    position: int
    phrase_id: int | None
    prefill: Said
    planted: Planted
    seats: int


def batches(connection: Connection, task_id: int | None = None) -> tuple[StoredBatch, ...]:
    """Every batch, or every one of a task, the oldest first; without those that were taken away."""
    return tuple(stored for stored in _every(connection, task_id) if stored.removed_by is None)


def _every(connection: Connection, task_id: int | None = None) -> tuple[StoredBatch, ...]:
    """Likewise those that were taken away."""
    labelers: dict[int, list[str]] = {}
    assigned = select(tables.assignment).order_by(tables.assignment.c.labeler)
    for row in connection.execute(assigned):
        labelers.setdefault(row.batch_id, []).append(row.labeler)
    removed_by = tables.removal.c.removed_by
    query = select(tables.batch, removed_by).outerjoin(tables.removal).order_by(tables.batch.c.id)
    if task_id is not None:
        query = query.where(tables.batch.c.task_id == task_id)
    return tuple(
        StoredBatch(
            row.id,
            row.task_id,
            row.name,
            row.overlap,
            tuple(labelers.get(row.id, ())),
            row.created_by,
            row.created_at.replace(tzinfo=UTC),  # SQLite keeps no time zone; what is written is UTC
            row.removed_by,
        )
        for row in connection.execute(query)
    )


def batch(connection: Connection, batch_id: int) -> StoredBatch:
    """The batch `batch_id`, also where it was taken away.

    Raises:
        CcdsError: there is none.
    """
    for stored in _every(connection):
        if stored.id == batch_id:
            return stored
    raise CcdsError(expected="a batch of this project", found="none of that number", do="load the page anew")


def assigned_batch(connection: Connection, batch_id: int, labeler: str) -> StoredBatch:
    """The batch `batch_id`, for somebody who is to work on it.

    Raises:
        CcdsError: it was taken away, which is told to whoever was assigned to it; there is none, or they aren't assigned to it:
            which of the two isn't told, nor anything about the batch.
    """
    for stored in _every(connection):
        if stored.id == batch_id and labeler in stored.labelers:
            if stored.removed_by is None:
                return stored
            raise CcdsError(
                expected="a batch that is still to be done",
                found=f"'{stored.name}', which {stored.removed_by} has taken away",
                do="go on with another one: what you said since is kept, and not counted",
            )
    raise CcdsError(
        expected="a batch that is assigned to you",
        found="none of that number",
        do="load the page anew, or ask the fellow who makes the batches",
    )


def add_batch(
    connection: Connection, task_id: int, items: Sequence[BatchItem], *, name: str, overlap: int, person: str
) -> StoredBatch:
    """Adds a batch with its studies in their order.

    Raises:
        CcdsError: a study isn't one of the project's.
    """
    now = datetime.now(UTC)
    batch_id = connection.execute(
        insert(tables.batch)
        .values(task_id=task_id, name=name, overlap=overlap, created_by=person, created_at=now)
        .returning(tables.batch.c.id)
    ).scalar_one()
    ids = report_ids(connection, [item.study_key for item in items])
    connection.execute(
        insert(tables.item),
        [
            {
                "batch_id": batch_id,
                "position": position,
                "report_id": ids[item.study_key],
                "phrase_id": item.phrase_id,
                "prefill": told(item.prefill),
                "planted": item.planted.value,
                "seats": overlap if item.planted is Planted.NO else 1,
            }
            for position, item in enumerate(items)
        ],
    )
    return StoredBatch(batch_id, task_id, name, overlap, (), person, now)


def report_ids(connection: Connection, study_keys: Sequence[str]) -> Mapping[str, int]:
    """Study key → the number of its report.

    Raises:
        CcdsError: one isn't of the project.
    """
    ids: dict[str, int] = {}
    for begin in range(0, len(study_keys), _AT_ONCE):
        keys = study_keys[begin : begin + _AT_ONCE]
        query = select(report.c.study_key, report.c.id).where(report.c.study_key.in_(keys))
        ids.update({row.study_key: row.id for row in connection.execute(query)})
    if unknown := set(study_keys) - ids.keys():
        raise CcdsError(
            expected="studies of this project",
            found=f"{len(unknown)} that it doesn't have",
            do="load the page anew",
        )
    return ids


def items(connection: Connection, batch_id: int, ids: Iterable[int]) -> dict[int, StoredItem]:
    """Those of a batch's studies whose numbers are `ids`."""
    query = (
        select(tables.item, report.c.study_key)
        .join(report)
        .where(tables.item.c.batch_id == batch_id, tables.item.c.id.in_(sorted(set(ids))))
    )
    return {
        row.id: StoredItem(
            row.id,
            row.report_id,
            row.study_key,
            row.position,
            row.phrase_id,
            said_of(row.prefill),
            Planted(row.planted),
            row.seats,
        )
        for row in connection.execute(query)
    }


def group_sizes(connection: Connection, reach: Reach, batch_id: int) -> dict[int | None, int]:
    """How many studies of a batch within `reach` each phrase groups, planted ones among them."""
    item = tables.item
    query = select(item.c.phrase_id, func.count()).join(report).where(item.c.batch_id == batch_id, within(reach))
    return {row[0]: row[1] for row in connection.execute(query.group_by(item.c.phrase_id))}


def uses_of_studies(connection: Connection, task_id: int) -> dict[str, int]:
    """Study key → in how many batches of a task it is, those taken away not counted; studies that are in none are left out."""
    query = (
        select(report.c.study_key, func.count())
        .join(tables.item, tables.item.c.report_id == report.c.id)
        .join(tables.batch, tables.batch.c.id == tables.item.c.batch_id)
        .where(tables.batch.c.task_id == task_id, is_there(tables.batch.c.id))
        .group_by(report.c.study_key)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def is_there(batch_id: ColumnElement[int]) -> ColumnElement[bool]:
    """That the batch of that number wasn't taken away."""
    return ~exists().where(tables.removal.c.batch_id == batch_id)


def remove(connection: Connection, batch_id: int, person: str) -> None:
    """Takes a batch away, and gives back what people hold of it. Its rows stay."""
    connection.execute(
        insert(tables.removal).values(batch_id=batch_id, removed_by=person, removed_at=datetime.now(UTC))
    )
    _end_leases(connection, tables.lease.c.batch_id == batch_id)


def change_seats(connection: Connection, item_id: int, by: int) -> None:
    """Says that a study needs `by` more answers, or fewer."""
    connection.execute(update(tables.item).where(tables.item.c.id == item_id).values(seats=tables.item.c.seats + by))


def assign(connection: Connection, batch_id: int, labeler: str, person: str) -> bool:
    """Lets `labeler` take studies of a batch; returns whether that is new."""
    assigned = tables.assignment
    known = connection.scalar(
        select(func.count()).select_from(assigned).where(assigned.c.batch_id == batch_id, assigned.c.labeler == labeler)
    )
    if known:
        return False
    connection.execute(
        insert(assigned).values(batch_id=batch_id, labeler=labeler, assigned_by=person, assigned_at=datetime.now(UTC))
    )
    return True


def withdraw(connection: Connection, batch_id: int, labeler: str) -> bool:
    """Lets `labeler` take no more of a batch, and gives back what they hold; returns whether they could."""
    assigned = tables.assignment
    gone = connection.execute(
        delete(assigned).where(assigned.c.batch_id == batch_id, assigned.c.labeler == labeler)
    ).rowcount
    _end_leases(connection, (tables.lease.c.batch_id == batch_id) & (tables.lease.c.labeler == labeler))
    return bool(gone)


def _end_leases(connection: Connection, which: ColumnElement[bool]) -> None:
    held = tables.lease.c.state == LeaseState.HELD.value
    connection.execute(update(tables.lease).where(which, held).values(state=LeaseState.RETURNED.value))
