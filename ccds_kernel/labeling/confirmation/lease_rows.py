"""The rows of leases: statements on a connection that holds the write lock, so that what they read stays true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Function,
    ScalarSelect,
    and_,
    case,
    exists,
    func,
    insert,
    select,
    update,
)

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import Lease, LeaseState, Seats
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch, StoredItem
from ccds_kernel.labeling.confirmation.serving import Group, GroupLeft, Waiting, how_many
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import within
from ccds_kernel.labeling.tables import report

_lease, _item = tables.lease, tables.item


@dataclass(frozen=True)
class HeldItem:
    """A lease, and the number of the study that it is of."""

    lease: Lease
    item_id: int


def leases(connection: Connection, batch_id: int, labeler: str, ids: Iterable[int]) -> dict[int, HeldItem]:
    """Those of `labeler`'s leases in the batch whose numbers are `ids`; others aren't theirs."""
    query = select(_lease).where(
        _lease.c.batch_id == batch_id, _lease.c.labeler == labeler, _lease.c.id.in_(sorted(set(ids)))
    )
    return {row.id: HeldItem(_of(row.id, row.state, row.until), row.item_id) for row in connection.execute(query)}


def held(connection: Connection, batch_id: int, labeler: str, *, reach: Reach | None = None) -> list[HeldItem]:
    """What `labeler` holds of the batch, in the order in which it was given to them; also where the time is over.

    Of studies within `reach`; of all where it is None.
    """
    query = (
        select(_lease)
        .where(_lease.c.batch_id == batch_id, _lease.c.labeler == labeler, _lease.c.state == LeaseState.HELD.value)
        .order_by(_lease.c.id)
    )
    if reach is not None:
        query = query.join(_item).where(_lies_within(reach))
    return [HeldItem(_of(row.id, row.state, row.until), row.item_id) for row in connection.execute(query)]


def seats(connection: Connection, item: StoredItem, labeler: str, now: datetime) -> Seats:
    """What the others leave of a study for `labeler`."""
    others = connection.scalar(
        select(func.count())
        .select_from(_lease)
        .where(_lease.c.item_id == item.id, _lease.c.labeler != labeler, _is_held(now))
    )
    return Seats(item.seats, others or 0, item.planted is not Planted.NO)


def open_groups(
    connection: Connection, reach: Reach, batch_id: int, labeler: str, now: datetime
) -> dict[Group, GroupLeft]:
    """What each group of the batch has for `labeler`, by its phrase, of studies within `reach`."""
    ordinary, planted = _item.c.planted == Planted.NO.value, _planted_for(batch_id, labeler)
    had, is_free = _had(labeler), _in_hands(now) < _item.c.seats
    query = (
        select(
            _item.c.phrase_id,
            *map(
                _sum, (and_(ordinary, ~had, is_free), and_(ordinary, had), and_(ordinary, ~had, ~is_free),
                       and_(planted, ~had), planted)
            ),
        )
        .where(_item.c.batch_id == batch_id, _lies_within(reach))
        .group_by(_item.c.phrase_id)
    )  # fmt: skip
    return {group: GroupLeft(*counts) for group, *counts in connection.execute(query)}


def still_open(connection: Connection, reach: Reach, batch: StoredBatch, labeler: str, now: datetime) -> int:
    """How many studies of the batch within `reach` `labeler` can be given, those that they hold among them."""
    groups = open_groups(connection, reach, batch.id, labeler, now).values()
    return len(held(connection, batch.id, labeler, reach=reach)) + how_many(groups)


def open_ordinary(
    connection: Connection, reach: Reach, batch_id: int, labeler: str, now: datetime, *, most: int
) -> list[Waiting]:
    """The first ordinary studies that still want an answer and that `labeler` neither has had nor holds; at most `most`."""
    is_open = and_(_item.c.planted == Planted.NO.value, ~_had(labeler), _in_hands(now) < _item.c.seats)
    return _waiting(connection, reach, batch_id, is_open, most)


def open_planted(connection: Connection, reach: Reach, batch_id: int, labeler: str) -> list[Waiting]:
    """The planted studies that `labeler` neither has had, in this batch or another one, nor holds."""
    is_open = and_(_planted_for(batch_id, labeler), ~_had(labeler))
    return _waiting(connection, reach, batch_id, is_open, None)


def numbers(connection: Connection, reach: Reach, batch_id: int, labeler: str) -> dict[int, tuple[int, int]]:
    """Each of `labeler`'s leases in the batch → the how many-th study it gave them, and the how many-th of its phrase.

    One that was given back, or taken by somebody else since, counts no more, nor does one of a study that isn't within `reach`.
    """
    theirs = and_(_lease.c.batch_id == batch_id, _lease.c.labeler == labeler)
    query = (
        select(_lease.c.id, _item.c.phrase_id)
        .join(_item)
        .where(theirs, _lease.c.state != LeaseState.RETURNED.value, _lies_within(reach))
        .order_by(_lease.c.id)
    )
    of_phrase: Counter[Group] = Counter()
    counted = {}
    for number, (lease_id, phrase_id) in enumerate(connection.execute(query), start=1):
        of_phrase[phrase_id] += 1
        counted[lease_id] = number, of_phrase[phrase_id]
    return counted


def add(
    connection: Connection, batch_id: int, labeler: str, ids: Iterable[int], *, now: datetime, until: datetime
) -> None:
    """Puts the studies with the numbers `ids` into `labeler`'s hands."""
    values = [
        {
            "batch_id": batch_id,
            "item_id": item_id,
            "labeler": labeler,
            "state": LeaseState.HELD.value,
            "taken_at": now,
            "until": until,
        }
        for item_id in ids
    ]
    if values:
        connection.execute(insert(_lease), values)


def renew(connection: Connection, ids: Iterable[int], until: datetime) -> None:
    """Lets leases hold until then."""
    connection.execute(update(_lease).where(_lease.c.id.in_(sorted(ids))).values(until=until))


def bound(connection: Connection, batch_id: int, until: datetime) -> None:
    """Lets no lease of the batch hold longer than until then, when one that is taken now ends.

    One that would was given before the clock was set back: a page that died meanwhile would hold its studies for as long.
    """
    connection.execute(
        update(_lease)
        .where(_lease.c.batch_id == batch_id, _lease.c.state == LeaseState.HELD.value, _lease.c.until > until)
        .values(until=until)
    )


def close(connection: Connection, batch_id: int, labeler: str) -> None:
    """Lets everything that `labeler` has said in the batch stand."""
    said = (LeaseState.ANSWERED.value, LeaseState.SKIPPED.value)
    connection.execute(
        update(_lease)
        .where(_lease.c.batch_id == batch_id, _lease.c.labeler == labeler, _lease.c.state.in_(said))
        .values(state=LeaseState.CLOSED.value)
    )


def move(connection: Connection, ids: Iterable[int], state: LeaseState) -> None:
    """Gives leases a state."""
    connection.execute(update(_lease).where(_lease.c.id.in_(sorted(ids))).values(state=state.value))


def _had(labeler: str) -> ColumnElement[bool]:
    """That `labeler` has had a study, or holds it."""
    return exists().where(
        _lease.c.item_id == _item.c.id, _lease.c.labeler == labeler, _lease.c.state != LeaseState.RETURNED.value
    )


def _planted_for(batch_id: int, labeler: str) -> ColumnElement[bool]:
    """That a study is planted, and that `labeler` was given it in no other batch of the task.

    Whoever meets a study again knows that it is planted, and may have been told what is right.
    """
    other, ours = _item.alias(), select(tables.batch.c.task_id).where(tables.batch.c.id == batch_id)
    met = (
        select(other.c.report_id)
        .join(_lease, _lease.c.item_id == other.c.id)
        .join(tables.batch, tables.batch.c.id == other.c.batch_id)
        .where(
            tables.batch.c.task_id == ours.scalar_subquery(),
            tables.batch.c.id != batch_id,
            _lease.c.labeler == labeler,
            _lease.c.state != LeaseState.RETURNED.value,
        )
    )
    return and_(_item.c.planted != Planted.NO.value, _item.c.report_id.not_in(met))


def _in_hands(now: datetime) -> ScalarSelect[int]:
    """How many hold a study."""
    return select(func.count()).where(_lease.c.item_id == _item.c.id, _is_held(now)).scalar_subquery()


def _sum(condition: ColumnElement[bool]) -> Function[int]:
    return func.sum(case((condition, 1), else_=0))


def _lies_within(reach: Reach) -> ColumnElement[bool]:
    """That a study lies within `reach`, which may be another one than when the batch was made."""
    return exists().where(report.c.id == _item.c.report_id, within(reach))


def _waiting(
    connection: Connection,
    reach: Reach,
    batch_id: int,
    condition: ColumnElement[bool],
    most: int | None,
) -> list[Waiting]:
    query = (
        select(_item.c.id, _item.c.position, _item.c.phrase_id)
        .where(_item.c.batch_id == batch_id, _lies_within(reach), condition)
        .order_by(_item.c.position)
        .limit(most)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def _is_held(now: datetime) -> ColumnElement[bool]:
    return and_(_lease.c.state == LeaseState.HELD.value, _lease.c.until > now)


def _of(lease_id: int, state: str, until: datetime) -> Lease:
    # SQLite keeps no time zone; what is written is UTC
    return Lease(lease_id, LeaseState(state), until.replace(tzinfo=UTC))
