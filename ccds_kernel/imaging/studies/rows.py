"""The rows of a project's studies: statements on a connection whose transaction the caller holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.retrieval.tables import retrieval
from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.studies.tables import mask, selection_rules, series_choice, series_pass, series_verdict
from ccds_kernel.imaging.verdict import Reason, Status

_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said last about a study's series: `series` is None where they chose none."""

    series: str | None
    note: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """The newest verdict of one series of a project.

    Args:
        study_key: the study.
        series: its hashed name; empty where the study held nothing readable.
        modality: DICOM's code.
        scanner: manufacturer and model.
        status: accepted, quarantined or excluded.
        reason: None if accepted.
        person: who had it converted.
        at: when.
    """

    study_key: str
    series: str
    modality: str
    scanner: str
    status: Status
    reason: Reason | None
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class KeptMask:
    """A mask of a volume: its file below `masks/`, the labels' names, and who kept it when."""

    id: int
    study_key: str
    series: str
    file: str
    kind: str
    digest: str
    labels: Mapping[int, str]
    person: str
    at: datetime


def exam_codes(connection: Connection, study_key: str, *, reports: bool) -> tuple[str, ...]:
    """The exam codes of a study: as the archive said, or else, if `reports` may be asked, as its report says."""
    said = connection.scalar(select(retrieval.c.exam_codes).where(retrieval.c.study_key == study_key).limit(1))
    if said is not None and (codes := tuple(json.loads(said))):
        return codes
    if not reports:
        return ()
    code = connection.scalar(select(report.c.exam_code).where(report.c.study_key == study_key))
    return () if code is None else (code,)


def rules_text(connection: Connection) -> str | None:
    """The newest rules, as they were written; None where there are none."""
    found: str | None = connection.scalar(select(selection_rules.c.text).order_by(selection_rules.c.id.desc()).limit(1))
    return found


def add_rules(connection: Connection, text: str, digest: str, person: str) -> bool:
    """Keeps rules as the newest; False where they are already."""
    newest = connection.scalar(select(selection_rules.c.digest).order_by(selection_rules.c.id.desc()).limit(1))
    if newest == digest:
        return False
    added = insert(selection_rules).values(text=text, digest=digest, kept_by=person, kept_at=datetime.now(UTC))
    connection.execute(added)
    return True


def newest_choice(connection: Connection, study_key: str) -> Said | None:
    """What was said last about a study; None where nobody said anything."""
    rows = select(series_choice).where(series_choice.c.study_key == study_key).order_by(series_choice.c.id.desc())
    row = connection.execute(rows.limit(1)).one_or_none()
    return None if row is None else Said(row.series, row.note, row.chosen_by, _utc(row.chosen_at))


def add_choice(connection: Connection, study_key: str, series: str | None, note: str, person: str) -> None:
    """Keeps what a person says about a study."""
    said = {"study_key": study_key, "series": series, "note": note, "chosen_by": person, "chosen_at": datetime.now(UTC)}
    connection.execute(insert(series_choice).values(**said))


def passes(connection: Connection, study_key: str) -> dict[str, set[str]]:
    """Series → the codes that people let pass."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(select(series_pass).where(series_pass.c.study_key == study_key)):
        found.setdefault(row.series, set()).add(row.code)
    return found


def add_pass(connection: Connection, judged: Judgement, code: str, note: str, person: str) -> None:
    """Lets `code` pass for a series."""
    said = {"study_key": judged.study_key, "series": judged.series, "code": code, "note": note}
    connection.execute(insert(series_pass).values(**said, passed_by=person, passed_at=datetime.now(UTC)))


def replace_verdicts(
    connection: Connection,
    study_key: str,
    verdicts: Iterable[tuple[SeriesFacts | None, Status, Reason | None]],
    person: str,
) -> None:
    """Keeps the verdicts of a study's series in place of those before; no facts: of the study as a whole."""
    connection.execute(delete(series_verdict).where(series_verdict.c.study_key == study_key))
    now = datetime.now(UTC)
    for facts, status, reason in verdicts:
        row = {
            "series": "" if facts is None else facts.name,
            "modality": "" if facts is None else facts.modality,
            "scanner": "" if facts is None else facts.scanner[:64],
            "status": status.value,
            "code": None if reason is None else reason.code,
            "line": None if reason is None else reason.line[:_LONGEST_LINE],
        }
        connection.execute(insert(series_verdict).values(study_key=study_key, made_by=person, made_at=now, **row))


def judgements(connection: Connection, status: Status | None = None) -> list[Judgement]:
    """The newest verdicts, by study and series; those of `status`, where one is given."""
    rows = select(series_verdict).order_by(series_verdict.c.study_key, series_verdict.c.series)
    if status is not None:
        rows = rows.where(series_verdict.c.status == status.value)
    return [_judgement(row) for row in connection.execute(rows)]


def judgement(connection: Connection, study_key: str, series: str) -> Judgement | None:
    """The newest verdict of a series; None where there is none."""
    of_it = (series_verdict.c.study_key == study_key, series_verdict.c.series == series)
    row = connection.execute(select(series_verdict).where(*of_it)).one_or_none()
    return None if row is None else _judgement(row)


def quarantine_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """(reason code, scanner) → how many series are in quarantine."""
    columns = (series_verdict.c.code, series_verdict.c.scanner)
    counted = (
        select(*columns, func.count().label("series"))
        .where(series_verdict.c.status == Status.QUARANTINED.value)
        .group_by(*columns)
    )
    return {(row.code, row.scanner): int(row.series) for row in connection.execute(counted)}


def add_mask(connection: Connection, kept: Mapping[str, object], labels: Mapping[int, str], person: str) -> int:
    """Keeps that there is a mask; its number."""
    values = {**kept, "labels": json.dumps(labels), "kept_by": person, "kept_at": datetime.now(UTC)}
    return int(connection.execute(insert(mask).values(values).returning(mask.c.id)).scalar_one())


def masks(connection: Connection, study_key: str | None = None) -> list[KeptMask]:
    """The masks of a study, or of all, the oldest first."""
    rows = select(mask).order_by(mask.c.id)
    if study_key is not None:
        rows = rows.where(mask.c.study_key == study_key)
    return [_mask(row) for row in connection.execute(rows)]


def _judgement(row: Row[Any]) -> Judgement:
    reason = None if row.code is None else Reason(row.code, row.line)
    at = _utc(row.made_at)
    return Judgement(row.study_key, row.series, row.modality, row.scanner, Status(row.status), reason, row.made_by, at)


def _mask(row: Row[Any]) -> KeptMask:
    labels = {int(label): name for label, name in json.loads(row.labels).items()}
    said = (row.file, row.kind, row.digest, labels, row.kept_by, _utc(row.kept_at))
    return KeptMask(row.id, row.study_key, row.series, *said)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)  # SQLite keeps no time zone; what is written is UTC
