"""The rows of reports and phrases: statements on a connection whose transaction the repository holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from ccds_kernel.cohort.cohort import CohortSnapshot
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.rows import condition
from ccds_kernel.irb.study_key import study_key
from ccds_kernel.labeling import tables
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.seal import SealedReport

FIRST_TASK = 1
"""The id of the task that every project has."""


@dataclass(frozen=True)
class StoredReport:
    """A report of the project. Only `study_key` may appear in paths, URLs and logs, never the accession number."""

    id: int
    study_key: str
    report: Report


@dataclass(frozen=True)
class StoredPhrase:
    """A phrase of the project's list, who put it there, and when (UTC)."""

    id: int
    phrase: Phrase
    created_by: str
    created_at: datetime


def reports(
    connection: Connection, reach: Reach | None, cohort: Criteria | CohortSnapshot | None = None
) -> Iterator[StoredReport]:
    """Every report within `reach`, or every one of `cohort` within it, by id; all where it is None."""
    query = _reports_with_sections()
    if reach is not None:
        query = query.where(within(reach))
    return _assembled(connection, query if cohort is None else query.where(condition(cohort)))


def report_ids(connection: Connection, reach: Reach) -> set[int]:
    """The ids of every report within `reach`."""
    return set(connection.scalars(select(tables.report.c.id).where(within(reach))))


def report_count(connection: Connection, reach: Reach) -> int:
    """How many reports there are within `reach`."""
    return connection.scalar(select(func.count()).select_from(tables.report).where(within(reach))) or 0


def within(reach: Reach) -> ColumnElement[bool]:
    """That a row of `report` lies within `reach`."""
    code, day = tables.report.c.exam_code, tables.report.c.study_date
    covered = and_(
        or_(code.is_(None), code.in_(sorted(reach.exam_codes))),
        or_(day.is_(None), day.between(*reach.study_dates)),
    )
    return covered if reach.cohort is None else and_(covered, condition(reach.cohort))


def section_names(connection: Connection, reach: Reach) -> set[str]:
    """The names of the sections of every report within `reach`."""
    names = select(tables.report_section.c.name).join(tables.report).where(within(reach)).distinct()
    return set(connection.execute(names).scalars())


def newest_report(connection: Connection) -> int:
    """The id of the report that was added last; 0 where there is none."""
    return connection.scalar(select(func.max(tables.report.c.id))) or 0


def sealed_reports(connection: Connection, after: int = 0) -> list[SealedReport]:
    """Every report with an id above `after`, as it is sealed."""
    sections: dict[int, list[tuple[str, str]]] = defaultdict(list)
    section, report = tables.report_section.c, tables.report.c
    texts = select(section.report_id, section.name, section.text).where(section.report_id > after)
    for row in connection.execute(texts.order_by(section.report_id, section.position)):
        sections[row.report_id].append((row.name, row.text))
    ids = select(report.id, report.accession, report.study_key).where(report.id > after).order_by(report.id)
    return [
        SealedReport(row.id, row.accession, row.study_key, tuple(sections[row.id])) for row in connection.execute(ids)
    ]


def reports_by_accession(connection: Connection, accessions: Sequence[str]) -> dict[str, StoredReport]:
    """Those of `accessions` (at most a thousand) that are known."""
    query = _reports_with_sections().where(tables.report.c.accession.in_(accessions))
    return {stored.report.accession: stored for stored in _assembled(connection, query)}


def reports_by_id(connection: Connection, reach: Reach, ids: Sequence[int]) -> dict[int, StoredReport]:
    """Those of the reports `ids` (at most a thousand) that there are within `reach`."""
    query = _reports_with_sections().where(tables.report.c.id.in_(ids), within(reach))
    return {stored.id: stored for stored in _assembled(connection, query)}


def ids_within(connection: Connection, reach: Reach, ids: Sequence[int]) -> set[int]:
    """Those of the reports `ids` (at most a thousand) that lie within `reach`."""
    return set(connection.scalars(select(tables.report.c.id).where(tables.report.c.id.in_(ids), within(reach))))


def add_reports(connection: Connection, new: Sequence[Report], secret: bytes) -> None:
    """Adds reports that aren't known (at most a thousand), in their order."""
    if not new:
        return
    connection.execute(
        insert(tables.report),
        [
            {
                "accession": report.accession,
                "study_key": study_key(secret, report.accession),
                "exam_code": report.exam_code,
                "study_date": report.study_date,
            }
            for report in new
        ],
    )
    accessions = [report.accession for report in new]
    query = select(tables.report.c.accession, tables.report.c.id).where(tables.report.c.accession.in_(accessions))
    ids = {row.accession: row.id for row in connection.execute(query)}
    connection.execute(
        insert(tables.report_section),
        [
            {"report_id": ids[report.accession], "position": position, "name": section.name, "text": section.text}
            for report in new
            for position, section in enumerate(report.sections)
        ],
    )


def phrases(connection: Connection, task_id: int = FIRST_TASK) -> tuple[StoredPhrase, ...]:
    """The phrase list of a task in order."""
    query = select(tables.phrase).where(tables.phrase.c.task_id == task_id).order_by(tables.phrase.c.position)
    return tuple(
        StoredPhrase(
            row.id,
            Phrase(row.text, row.label, row.negatable, row.uncertain_label, row.excludes),
            row.created_by,
            # SQLite keeps no time zone; what is written is UTC
            row.created_at.replace(tzinfo=UTC),
        )
        for row in connection.execute(query)
    )


def phrase_count(connection: Connection) -> int:
    """How many phrases all tasks have together, which is the first free position."""
    return connection.scalar(select(func.count()).select_from(tables.phrase)) or 0


def append_phrase(
    connection: Connection,
    phrase: Phrase,
    position: int,
    person: str,
    *,
    task_id: int = FIRST_TASK,
    phrase_id: int | None = None,
) -> StoredPhrase:
    """Adds `phrase` at the free position `position`; with `phrase_id`, one that was removed comes back under its id."""
    now = datetime.now(UTC)
    known = {} if phrase_id is None else {"id": phrase_id}
    phrase_id = connection.execute(
        insert(tables.phrase)
        .values(
            **known,
            task_id=task_id,
            position=position,
            text=phrase.text,
            label=phrase.label,
            negatable=phrase.negatable,
            uncertain_label=phrase.uncertain_label,
            excludes=phrase.excludes,
            created_by=person,
            created_at=now,
        )
        .returning(tables.phrase.c.id)
    ).scalar_one()
    return StoredPhrase(phrase_id, phrase, person, now)


def change_phrase(connection: Connection, phrase_id: int, phrase: Phrase) -> None:
    """Puts `phrase` in the place of `phrase_id`."""
    connection.execute(
        update(tables.phrase)
        .where(tables.phrase.c.id == phrase_id)
        .values(
            text=phrase.text,
            label=phrase.label,
            negatable=phrase.negatable,
            uncertain_label=phrase.uncertain_label,
            excludes=phrase.excludes,
        )
    )


def remove_phrase(connection: Connection, phrase_id: int) -> None:
    """Deletes `phrase_id`; the caller writes the order anew."""
    connection.execute(delete(tables.phrase).where(tables.phrase.c.id == phrase_id))


def write_order(connection: Connection, ids: Sequence[int]) -> None:
    """Gives the phrases `ids`, which are all of one task, this order; those of other tasks keep theirs. No place stays empty."""
    every = connection.scalars(select(tables.phrase.c.id).order_by(tables.phrase.c.position)).all()
    ours, coming = frozenset(ids), iter(ids)
    order = [next(coming) if phrase_id in ours else phrase_id for phrase_id in every]
    # Out of the way first: positions are unique after every single row.
    connection.execute(update(tables.phrase).values(position=-1 - tables.phrase.c.position))
    if order:
        connection.execute(
            update(tables.phrase).where(tables.phrase.c.id == bindparam("row")).values(position=bindparam("place")),
            [{"row": phrase_id, "place": place} for place, phrase_id in enumerate(order)],
        )


def _reports_with_sections() -> Select[Any]:
    return (
        select(tables.report, tables.report_section.c.name, tables.report_section.c.text)
        .join(tables.report_section)
        .order_by(tables.report.c.id, tables.report_section.c.position)
    )


def _assembled(connection: Connection, query: Select[Any]) -> Iterator[StoredReport]:
    for report_id, sections in groupby(connection.execute(query), key=lambda row: int(row.id)):
        rows: list[Row[Any]] = list(sections)
        report = rows[0]
        yield StoredReport(
            report_id,
            report.study_key,
            Report(
                report.accession,
                tuple(Section(row.name, row.text) for row in rows),
                report.exam_code,
                report.study_date,
            ),
        )
