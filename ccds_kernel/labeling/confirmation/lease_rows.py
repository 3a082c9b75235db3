"""The rows of leases: statements on a connection that holds the write lock, so that what they read stays true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import Lease, LeaseState, Seats
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.batch_rows import StoredItem

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


def held(connection: Connection, batch_id: int, labeler: str) -> list[HeldItem]:
    """What `labeler` holds of the batch, in the order in which it is shown; also where the time is over."""
    query = (
        select(_lease)
        .join(_item)
        .where(_lease.c.batch_id == batch_id, _lease.c.labeler == labeler, _lease.c.state == LeaseState.HELD.value)
        .order_by(_item.c.position)
    )
    return [HeldItem(_of(row.id, row.state, row.until), row.item_id) for row in connection.execute(query)]


def seats(connection: Connection, item: StoredItem, labeler: str, now: datetime) -> Seats:
    """What the others leave of a study for `labeler`."""
    others = connection.scalar(
        select(func.count())
        .select_from(_lease)
        .where(_lease.c.item_id == item.id, _lease.c.labeler != labeler, _is_held(now))
    )
    return Seats(item.seats, others or 0, item.planted is not Planted.NO)


def open_items(connection: Connection, batch_id: int, labeler: str, now: datetime, most: int) -> list[int]:
    """The first studies of the batch that still want an answer and that `labeler` neither has had nor holds; at most `most`."""
    query = select(_item.c.id).where(_is_open(batch_id, labeler, now)).order_by(_item.c.position).limit(most)
    return list(connection.scalars(query))


def open_count(connection: Connection, batch_id: int, labeler: str, now: datetime) -> int:
    """How many there are of these, planted ones among them."""
    return connection.execute(select(func.count()).where(_is_open(batch_id, labeler, now))).scalar_one()


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


def _is_open(batch_id: int, labeler: str, now: datetime) -> ColumnElement[bool]:
    """That a study still wants an answer, and that `labeler` neither has had it nor holds it."""
    in_hands = select(func.count()).where(_lease.c.item_id == _item.c.id, _is_held(now)).scalar_subquery()
    had = exists().where(
        _lease.c.item_id == _item.c.id,
        _lease.c.labeler == labeler,
        _lease.c.state != LeaseState.RETURNED.value,
    )
    return and_(
        _item.c.batch_id == batch_id,
        _item.c.seats > 0,
        or_(_item.c.planted != Planted.NO.value, in_hands < _item.c.seats),
        ~had,
    )


def _is_held(now: datetime) -> ColumnElement[bool]:
    return and_(_lease.c.state == LeaseState.HELD.value, _lease.c.until > now)


def _of(lease_id: int, state: str, until: datetime) -> Lease:
    # SQLite keeps no time zone; what is written is UTC
    return Lease(lease_id, LeaseState(state), until.replace(tzinfo=UTC))
