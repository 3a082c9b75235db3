"""The rows of what is said about single studies outside batches: statements on a connection that a repository holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from ccds_kernel.labeling.confirmation import tables
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.json_text import said_of, told, told_or_none
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import within
from ccds_kernel.labeling.tables import report


class CurationKind(StrEnum):
    """A gold label, the fellow's final word where labelers disagree, or strata tags."""

    GOLD = "gold"
    FINAL = "final"
    STRATA = "strata"


@dataclass(frozen=True)
class Curation:
    """What somebody said about a study: `said` are labels, or their strata tags; None takes back what was said before."""

    study_key: str
    kind: CurationKind
    said: Said | None
    note: str
    person: str
    at: datetime


@dataclass(frozen=True)
class Word:
    """A gold label or a final word as a page shows it: labels and a note; `labels` is None where there is none."""

    labels: Said | None = None
    note: str = ""

    @classmethod
    def of(cls, standing: Curation | None) -> Word:
        """That which stands."""
        return cls() if standing is None else cls(standing.said, standing.note)


def every(
    connection: Connection,
    task_id: int,
    kind: CurationKind,
    study_keys: Collection[str] | None = None,
    *,
    reach: Reach | None = None,
) -> Iterator[Curation]:
    """Everything of that kind that was ever said in a task, or of a few of its studies, the oldest first.

    Of studies within `reach`; of all where it is None.
    """
    if kind is CurationKind.STRATA:
        yield from _every_strata(connection, task_id, study_keys, reach)
        return
    table = tables.curation
    query = (
        select(table, report.c.study_key)
        .join(report)
        .where(table.c.task_id == task_id, table.c.kind == kind.value)
        .order_by(table.c.id)
    )
    for row in connection.execute(_among(query, study_keys, reach)):
        said = None if row.said is None else said_of(row.said)
        at = row.at.replace(tzinfo=UTC)  # SQLite keeps no time zone; what is written is UTC
        yield Curation(row.study_key, kind, said, row.note, row.person, at)


def standing(
    connection: Connection,
    task_id: int,
    kind: CurationKind,
    study_keys: Collection[str] | None = None,
    *,
    reach: Reach | None = None,
) -> dict[str, Curation]:
    """Study key → the newest of that kind, which isn't strata; studies for which it was taken back are left out."""
    newest = {one.study_key: one for one in every(connection, task_id, kind, study_keys, reach=reach)}
    return {key: one for key, one in newest.items() if one.said is not None}


def standing_tags(connection: Connection, task_id: int) -> dict[str, Said]:
    """Study key → its strata tags: those that somebody gives it, whoever else does too."""
    newest = {(one.study_key, one.person): one.said for one in every(connection, task_id, CurationKind.STRATA)}
    tags: dict[str, Said] = {}
    for (study_key, _), said in newest.items():
        tags[study_key] = tags.get(study_key, frozenset()) | (said or frozenset())
    return tags


def add(connection: Connection, task_id: int, report_id: int, new: Curation) -> None:
    """Keeps what somebody said."""
    if new.kind is CurationKind.STRATA:
        _add_strata(connection, task_id, report_id, new)
        return
    connection.execute(
        insert(tables.curation).values(
            task_id=task_id,
            report_id=report_id,
            kind=new.kind.value,
            said=told_or_none(new.said),
            note=new.note,
            person=new.person,
            at=new.at,
        )
    )


def _among(query: Select[Any], study_keys: Collection[str] | None, reach: Reach | None) -> Select[Any]:
    if study_keys is not None:
        query = query.where(report.c.study_key.in_(sorted(study_keys)))
    return query if reach is None else query.where(within(reach))


def _every_strata(
    connection: Connection, task_id: int, study_keys: Collection[str] | None, reach: Reach | None
) -> Iterator[Curation]:
    table = tables.strata
    query = select(table, report.c.study_key).join(report).where(table.c.task_id == task_id).order_by(table.c.id)
    for row in connection.execute(_among(query, study_keys, reach)):
        at = row.at.replace(tzinfo=UTC)  # as above
        yield Curation(row.study_key, CurationKind.STRATA, said_of(row.tags), "", row.person, at)


def _add_strata(connection: Connection, task_id: int, report_id: int, new: Curation) -> None:
    """Tags are taken back by none in their place, so that there are always some to keep."""
    connection.execute(
        insert(tables.strata).values(
            task_id=task_id, report_id=report_id, tags=told(new.said or frozenset()), person=new.person, at=new.at
        )
    )
