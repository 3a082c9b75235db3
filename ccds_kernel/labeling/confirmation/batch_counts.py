"""How many studies each batch of a task has, how many of them are done or stuck, and who holds how many: three statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, distinct, func, select

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.answer import LeaseState
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.batch_rows import is_there
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import within
from ccds_kernel.labeling.tables import report


@dataclass(frozen=True)
class BatchCounts:
    """How far a batch is.

    Attributes:
        studies: how many are to be confirmed, planted ones left out.
        done: how many of these have all the answers that they need.
        held: labeler → how many studies, planted ones too, they hold now; who holds none is left out.
        stuck: how many of `studies` want a further answer that nobody who is assigned can give: each of them has answered or
            skipped the study. Somebody else has to be assigned.
    """

    studies: int
    done: int
    held: Mapping[str, int]
    stuck: int = 0


def batch_counts(connection: Connection, reach: Reach, task_id: int, now: datetime) -> dict[int, BatchCounts]:
    """The number of each batch of a task that has studies → its counts, of those within `reach`."""
    item, lease, batch = tables.item, tables.lease, tables.batch
    ordinary = (item.c.planted == Planted.NO.value) & within(reach)
    studies = (
        select(
            item.c.batch_id,
            func.sum(case((ordinary, 1), else_=0)).label("studies"),
            func.sum(case((ordinary & (item.c.seats == 0), 1), else_=0)).label("done"),
        )
        .join(batch)
        .join(report, report.c.id == item.c.report_id)
        .where(batch.c.task_id == task_id, is_there(batch.c.id))
        .group_by(item.c.batch_id)
    )
    in_hands = (
        select(lease.c.batch_id, lease.c.labeler, func.count())
        .join(batch)
        .join(item, item.c.id == lease.c.item_id)
        .join(report, report.c.id == item.c.report_id)
        .where(batch.c.task_id == task_id, lease.c.state == LeaseState.HELD.value, lease.c.until > now, within(reach))
        .group_by(lease.c.batch_id, lease.c.labeler)
    )
    held: dict[int, dict[str, int]] = defaultdict(dict)
    for batch_id, labeler, count in connection.execute(in_hands):
        held[batch_id][labeler] = count
    stuck = _stuck(connection, reach, task_id)
    return {
        row.batch_id: BatchCounts(row.studies, row.done, held.get(row.batch_id, {}), stuck.get(row.batch_id, 0))
        for row in connection.execute(studies)
    }


def _stuck(connection: Connection, reach: Reach, task_id: int) -> dict[int, int]:
    """The number of each batch that has stuck studies → how many."""
    item, lease, batch, assignment = tables.item, tables.lease, tables.batch, tables.assignment
    people = select(func.count()).where(assignment.c.batch_id == item.c.batch_id).scalar_subquery()
    had = (
        select(func.count(distinct(lease.c.labeler)))
        .join(assignment, (assignment.c.batch_id == lease.c.batch_id) & (assignment.c.labeler == lease.c.labeler))
        .where(lease.c.item_id == item.c.id, lease.c.state.not_in([LeaseState.RETURNED.value, LeaseState.HELD.value]))
        .scalar_subquery()
    )
    query = (
        select(item.c.batch_id, func.count())
        .join(batch)
        .join(report, report.c.id == item.c.report_id)
        .where(batch.c.task_id == task_id, item.c.planted == Planted.NO.value, item.c.seats > 0, people > 0)
        .where(had == people, within(reach))
        .group_by(item.c.batch_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
