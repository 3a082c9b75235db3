"""The rows of a project's studies: statements on a connection whose transaction the caller holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.tables import retrieval
from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.studies.deciding import Said
from ccds_kernel.imaging.studies.tables import mask, selection_rules, series_choice, series_pass, series_verdict
from ccds_kernel.imaging.verdict import PASSABLE, Reason, Status

_LONGEST_LINE = 300
_MANY = 500


@dataclass(frozen=True, slots=True)
class KeptRules:
    """Rules as they were written, and who kept them when; the newest hold."""

    text: str
    digest: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """A reason for quarantine that a person let pass.

    Args:
        code: a key of `verdict.PASSABLE`.
        note: why, in their words.
        person: who answers for it.
        at: when.
    """

    code: str
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
        files: how many files it has.
        person: who had it converted.
        at: when.
        warnings: what should be known of it: hints that something is missing, and what was corrected; one line each.
        passed: what people let pass of it, the oldest first.
    """

    study_key: str
    series: str
    modality: str
    scanner: str
    status: Status
    reason: Reason | None
    files: int
    person: str
    at: datetime
    warnings: tuple[str, ...] = ()
    passed: tuple[Passed, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a conversion came to: of a series by its facts, or of a study as a whole where they are None."""

    facts: SeriesFacts | None
    status: Status
    reason: Reason | None
    files: int
    warnings: tuple[str, ...] = ()


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


def exam_codes(connection: Connection, study_keys: Sequence[str], *, reports: bool) -> dict[str, tuple[str, ...]]:
    """The exam codes of studies: as the archive or the files said, or else, if `reports` may be asked, as their reports say.

    Several studies under one accession number are one, with the exam codes of all.
    """
    found: dict[str, tuple[str, ...]] = {}
    taken = retrieval.c.state != State.REFUSED
    for begin in range(0, len(study_keys), _MANY):
        keys = study_keys[begin : begin + _MANY]
        said = select(retrieval.c.study_key, retrieval.c.exam_codes).where(retrieval.c.study_key.in_(keys), taken)
        for row in connection.execute(said.order_by(retrieval.c.id)):
            if codes := tuple(json.loads(row.exam_codes)):
                found[row.study_key] = tuple(dict.fromkeys((*found.get(row.study_key, ()), *codes)))
        if reports and (left := [key for key in keys if key not in found]):
            coded = select(report.c.study_key, report.c.exam_code).where(report.c.study_key.in_(left))
            found |= {row.study_key: (row.exam_code,) for row in connection.execute(coded) if row.exam_code is not None}
    return found


def revision_of_codes(connection: Connection, *, reports: bool) -> tuple[int | None, ...]:
    """Changes with what `exam_codes` says of the same studies."""
    said = select(func.count(), func.max(retrieval.c.id)).where(retrieval.c.state != State.REFUSED)
    loaded = select(func.count(), func.max(report.c.id))
    return tuple(value for of in ([said, loaded] if reports else [said]) for value in connection.execute(of).one())


def kept_rules(connection: Connection, most: int = 1) -> list[KeptRules]:
    """Rules as they were kept, the newest first."""
    newest = select(selection_rules).order_by(selection_rules.c.id.desc()).limit(most)
    return [KeptRules(row.text, row.digest, row.kept_by, _utc(row.kept_at)) for row in connection.execute(newest)]


def add_rules(connection: Connection, text: str, digest: str, person: str) -> bool:
    """Keeps rules as the newest; False where they are already."""
    newest = connection.scalar(select(selection_rules.c.digest).order_by(selection_rules.c.id.desc()).limit(1))
    if newest == digest:
        return False
    added = insert(selection_rules).values(text=text, digest=digest, kept_by=person, kept_at=datetime.now(UTC))
    connection.execute(added)
    return True


def choices(connection: Connection, study_key: str) -> list[Said]:
    """What was said about a study, the newest first."""
    said = select(series_choice).where(series_choice.c.study_key == study_key).order_by(series_choice.c.id.desc())
    return [_said(row) for row in connection.execute(said)]


def newest_choices(connection: Connection) -> dict[str, Said]:
    """What was said last, of every study of which something was."""
    return {row.study_key: _said(row) for row in connection.execute(select(series_choice).order_by(series_choice.c.id))}


def add_choice(connection: Connection, study_key: str, series: str | None, note: str, person: str) -> None:
    """Keeps what a person says about a study."""
    said = {"study_key": study_key, "series": series, "note": note, "chosen_by": person, "chosen_at": datetime.now(UTC)}
    connection.execute(insert(series_choice).values(**said))


def passes(connection: Connection, study_keys: Sequence[str]) -> dict[tuple[str, str], tuple[Passed, ...]]:
    """(study, series) → what people let pass, the oldest first."""
    found: dict[tuple[str, str], tuple[Passed, ...]] = {}
    for begin in range(0, len(study_keys), _MANY):
        of_them = series_pass.c.study_key.in_(study_keys[begin : begin + _MANY])
        for row in connection.execute(select(series_pass).where(of_them).order_by(series_pass.c.id)):
            of_it = row.study_key, row.series
            found[of_it] = (
                *found.get(of_it, ()),
                Passed(row.code, row.note, row.passed_by, _utc(row.passed_at)),
            )
    return found


def add_pass(connection: Connection, judged: Judgement, code: str, note: str, person: str) -> None:
    """Lets `code` pass for a series."""
    said = {"study_key": judged.study_key, "series": judged.series, "code": code, "note": note}
    connection.execute(insert(series_pass).values(**said, passed_by=person, passed_at=datetime.now(UTC)))


def replace_verdicts(connection: Connection, study_key: str, verdicts: Iterable[Verdict], person: str) -> None:
    """Keeps the verdicts of a study's series in place of those before."""
    connection.execute(delete(series_verdict).where(series_verdict.c.study_key == study_key))
    now = datetime.now(UTC)
    for one in verdicts:
        row = {
            "series": "" if one.facts is None else one.facts.name,
            "modality": "" if one.facts is None else one.facts.modality,
            "scanner": "" if one.facts is None else one.facts.scanner[:64],
            "status": one.status.value,
            "code": None if one.reason is None else one.reason.code,
            "line": None if one.reason is None else one.reason.line[:_LONGEST_LINE],
            "files": one.files,
            "warnings": json.dumps([warning[:_LONGEST_LINE] for warning in one.warnings]),
        }
        connection.execute(insert(series_verdict).values(study_key=study_key, made_by=person, made_at=now, **row))


def judgements(connection: Connection, status: Status | None = None) -> list[Judgement]:
    """The newest verdicts, by study and series; those of `status`, where one is given."""
    rows = select(series_verdict).order_by(series_verdict.c.study_key, series_verdict.c.series)
    if status is not None:
        rows = rows.where(series_verdict.c.status == status.value)
    return _judgements(connection, rows)


def judgements_of(connection: Connection, study_key: str) -> list[Judgement]:
    """The newest verdicts of a study."""
    of_it = select(series_verdict).where(series_verdict.c.study_key == study_key).order_by(series_verdict.c.series)
    return _judgements(connection, of_it)


def quarantined(
    connection: Connection, *, code: str | None, scanner: str | None, begin: int, most: int
) -> tuple[list[Judgement], int]:
    """At most `most` series in quarantine from number `begin` on, by reason, scanner and when; and how many there are in all.

    Those of one reason, and of one scanner, where these are given.
    """
    wanted = [series_verdict.c.status == Status.QUARANTINED.value]
    wanted += [series_verdict.c.code == code] if code is not None else []
    wanted += [series_verdict.c.scanner == scanner] if scanner is not None else []
    total = connection.scalar(select(func.count()).select_from(series_verdict).where(*wanted))
    order = (series_verdict.c.status, series_verdict.c.code, series_verdict.c.scanner, series_verdict.c.id)
    page = select(series_verdict).where(*wanted).order_by(*order).offset(begin).limit(most)
    return _judgements(connection, page), total or 0


def judged_series(connection: Connection, since: datetime | None) -> dict[str, dict[str, bool]]:
    """Study → its series that have a verdict → whether that made a volume.

    A quarantine that might pass counts only where it is of `since` or later, and of after it was let pass.
    """
    of_pass = (series_pass.c.study_key, series_pass.c.series, series_pass.c.code)
    passed = {
        tuple(row[:3]): _utc(row.at)
        for row in connection.execute(
            select(*of_pass, func.max(series_pass.c.passed_at).label("at")).group_by(*of_pass)
        )
    }
    found: dict[str, dict[str, bool]] = {}
    columns = series_verdict.c
    for row in connection.execute(select(columns.study_key, columns.series, columns.code, columns.made_at)):
        study_key, series, code, made_at = row
        late = [moment for moment in (since, passed.get((study_key, series, code))) if moment is not None]
        if code not in PASSABLE or all(_utc(made_at) >= moment for moment in late):
            found.setdefault(study_key, {})[series] = code is None
    return found


def accepted_series(connection: Connection) -> dict[str, frozenset[str]]:
    """Each study that has a verdict → its series that were accepted."""
    found: dict[str, set[str]] = {}
    columns = series_verdict.c
    for row in connection.execute(select(columns.study_key, columns.series, columns.status)):
        of_it = found.setdefault(row.study_key, set())
        if row.status == Status.ACCEPTED.value:
            of_it.add(row.series)
    return {study_key: frozenset(series) for study_key, series in found.items()}


def judgement(connection: Connection, study_key: str, series: str) -> Judgement | None:
    """The newest verdict of a series; None where there is none."""
    of_it = (series_verdict.c.study_key == study_key, series_verdict.c.series == series)
    return next(iter(_judgements(connection, select(series_verdict).where(*of_it))), None)


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


def _judgements(connection: Connection, wanted: Select[Any]) -> list[Judgement]:
    found = connection.execute(wanted).all()
    passed = passes(connection, list(dict.fromkeys(row.study_key for row in found)))
    return [_judgement(row, passed.get((row.study_key, row.series), ())) for row in found]


def _judgement(row: Row[Any], passed: tuple[Passed, ...]) -> Judgement:
    reason = None if row.code is None else Reason(row.code, row.line)
    at = _utc(row.made_at)
    said = (row.modality, row.scanner, Status(row.status), reason, row.files, row.made_by)
    return Judgement(row.study_key, row.series, *said, at, tuple(json.loads(row.warnings)), passed)


def _said(row: Row[Any]) -> Said:
    return Said(row.series, row.note, row.chosen_by, _utc(row.chosen_at))


def _mask(row: Row[Any]) -> KeptMask:
    labels = {int(label): name for label, name in json.loads(row.labels).items()}
    said = (row.file, row.kind, row.digest, labels, row.kept_by, _utc(row.kept_at))
    return KeptMask(row.id, row.study_key, row.series, *said)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)  # SQLite keeps no time zone; what is written is UTC
