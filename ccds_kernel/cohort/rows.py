"""The rows of cohorts: statements on a connection whose transaction the caller holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, extract, func, insert, literal, not_, select

from ccds_kernel.cohort.cohort import Cohort, CohortSnapshot
from ccds_kernel.cohort.counts import CohortCounts
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.tables import cohort, cohort_member, cohort_snapshot, report


def condition(selection: Criteria | CohortSnapshot) -> ColumnElement[bool]:
    """What is true of a row of `report` that belongs to `selection`, for the WHERE of a query."""
    if isinstance(selection, CohortSnapshot):
        members = select(cohort_member.c.report_id).where(cohort_member.c.snapshot_id == selection.id)
        return and_(report.c.id.in_(members), condition(selection.cohort.criteria))
    return and_(_code_fits(selection), _date_fits(selection))


def _code_fits(criteria: Criteria) -> ColumnElement[bool]:
    return report.c.exam_code.in_(criteria.codes)


def _date_fits(criteria: Criteria) -> ColumnElement[bool]:
    return report.c.study_date.between(criteria.first, criteria.last)


def counts(connection: Connection, criteria: Criteria) -> CohortCounts:
    """How many reports meet `criteria`, and why the others don't."""
    year, month = extract("year", report.c.study_date), extract("month", report.c.study_date)
    by_cell = (
        select(report.c.exam_code, year.label("year"), month.label("month"), func.count().label("reports"))
        .where(condition(criteria))
        .group_by(report.c.exam_code, year, month)
    )
    cells = {
        (row.exam_code, f"{int(row.year):04d}-{int(row.month):02d}"): int(row.reports)
        for row in connection.execute(by_cell)
    }
    no_code, no_date = report.c.exam_code.is_(None), report.c.study_date.is_(None)
    without_code, without_date, without_both, total = connection.execute(
        select(
            _how_many(and_(no_code, not_(no_date), _date_fits(criteria))),
            _how_many(and_(not_(no_code), no_date, _code_fits(criteria))),
            _how_many(and_(no_code, no_date)),
            func.count(),
        ).select_from(report)
    ).one()
    unknown = without_code + without_date + without_both
    return CohortCounts(
        criteria, cells, without_code, without_date, without_both, total - unknown - sum(cells.values())
    )


def _how_many(true_of: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((true_of, 1)))


def study_keys(connection: Connection, selection: Criteria | CohortSnapshot) -> list[str]:
    """The study keys of the reports of `selection`, in no order."""
    return list(connection.scalars(select(report.c.study_key).where(condition(selection))))


def cohorts(connection: Connection) -> tuple[Cohort, ...]:
    """Every cohort, by name."""
    return tuple(sorted(map(_cohort, connection.execute(select(cohort))), key=lambda one: one.name))


def cohort_by_name(connection: Connection, name: str) -> Cohort | None:
    """The cohort called `name`; None where there is none."""
    row = connection.execute(select(cohort).where(cohort.c.name == name)).one_or_none()
    return None if row is None else _cohort(row)


def add_cohort(connection: Connection, name: str, criteria: Criteria, person: str) -> Cohort:
    """Keeps `criteria` under a name that is free."""
    now = datetime.now(UTC)
    cohort_id = connection.execute(
        insert(cohort)
        .values(
            name=name,
            exam_codes=json.dumps(criteria.codes),
            first_date=criteria.first,
            last_date=criteria.last,
            created_by=person,
            created_at=now,
        )
        .returning(cohort.c.id)
    ).scalar_one()
    return Cohort(cohort_id, name, criteria, person, now)


def snapshots(connection: Connection, of: Cohort) -> Iterator[CohortSnapshot]:
    """Every snapshot of `of`, the oldest first."""
    query = select(cohort_snapshot).where(cohort_snapshot.c.cohort_id == of.id).order_by(cohort_snapshot.c.id)
    for row in connection.execute(query):
        yield CohortSnapshot(row.id, of, row.digest, row.members, row.taken_by, _utc(row.taken_at))


def add_snapshot(connection: Connection, of: Cohort, digest: str, members: int, person: str) -> CohortSnapshot:
    """Keeps the reports that meet the criteria of `of` now, `members` in number, as a snapshot with that digest."""
    now = datetime.now(UTC)
    snapshot_id = connection.execute(
        insert(cohort_snapshot)
        .values(cohort_id=of.id, digest=digest, members=members, taken_by=person, taken_at=now)
        .returning(cohort_snapshot.c.id)
    ).scalar_one()
    now_in_it = select(literal(snapshot_id), report.c.id).where(condition(of.criteria))
    connection.execute(insert(cohort_member).from_select(["snapshot_id", "report_id"], now_in_it))
    return CohortSnapshot(snapshot_id, of, digest, members, person, now)


def _cohort(row: Row[Any]) -> Cohort:
    criteria = Criteria(frozenset(json.loads(row.exam_codes)), row.first_date, row.last_date)
    return Cohort(row.id, row.name, criteria, row.created_by, _utc(row.created_at))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)  # SQLite keeps no time zone; what is written is UTC
