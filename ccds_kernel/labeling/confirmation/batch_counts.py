"""How many studies each batch of a task has, how many of them are done, and how many are in whose hands: two statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import LeaseState
from ccds_kernel.labeling.confirmation.batch import Planted


@dataclass(frozen=True)
class BatchCounts:
    """How far a batch is.

    Attributes:
        studies: how many are to be confirmed, planted ones left out.
        done: how many of these have all the answers that they need.
        held: labeler → how many studies, planted ones too, they hold now; who holds none is left out.
    """

    studies: int
    done: int
    held: Mapping[str, int]


def batch_counts(connection: Connection, task_id: int, now: datetime) -> dict[int, BatchCounts]:
    """The number of each batch of a task that has studies → its counts."""
    item, lease, batch = tables.item, tables.lease, tables.batch
    ordinary = item.c.planted == Planted.NO.value
    studies = (
        select(
            item.c.batch_id,
            func.sum(case((ordinary, 1), else_=0)).label("studies"),
            func.sum(case((ordinary & (item.c.seats == 0), 1), else_=0)).label("done"),
        )
        .join(batch)
        .where(batch.c.task_id == task_id)
        .group_by(item.c.batch_id)
    )
    in_hands = (
        select(lease.c.batch_id, lease.c.labeler, func.count())
        .join(batch)
        .where(batch.c.task_id == task_id, lease.c.state == LeaseState.HELD.value, lease.c.until > now)
        .group_by(lease.c.batch_id, lease.c.labeler)
    )
    held: dict[int, dict[str, int]] = defaultdict(dict)
    for batch_id, labeler, count in connection.execute(in_hands):
        held[batch_id][labeler] = count
    return {
        row.batch_id: BatchCounts(row.studies, row.done, held.get(row.batch_id, {}))
        for row in connection.execute(studies)
    }
