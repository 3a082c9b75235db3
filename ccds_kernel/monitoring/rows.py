"""The rows of a release: statements on a connection whose transaction the record holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from ccds_kernel.labeling import rows as labeling_rows
from ccds_kernel.labeling import tables as labeling_tables
from ccds_kernel.monitoring import tables
from ccds_kernel.monitoring.prediction import FinalReport, Prediction
from ccds_kernel.monitoring.release import Release
from ccds_kernel.store.tables import setting

_RELEASE = "release"


def release(connection: Connection) -> Release | None:
    """The release of this database; None where there is none yet."""
    known = connection.scalar(select(setting.c.value).where(setting.c.name == _RELEASE))
    return None if known is None else Release.model_validate_json(known)


def add_release(connection: Connection, new: Release) -> None:
    """Makes `new` the release of this database, which has none."""
    connection.execute(insert(setting).values(name=_RELEASE, value=new.model_dump_json()))


def predictions(connection: Connection, accessions: Sequence[str] | None = None) -> Iterator[Prediction]:
    """Every prediction in the order in which they were loaded, or those of `accessions` (at most a thousand)."""
    query = select(tables.prediction).order_by(tables.prediction.c.id)
    if accessions is not None:
        query = query.where(tables.prediction.c.accession.in_(accessions))
    for row in connection.execute(query):
        yield Prediction(row.accession, _utc(row.time), row.score, row.device, row.software_version)


def add_predictions(connection: Connection, new: Sequence[Prediction]) -> None:
    """Adds predictions of studies that have none (at most a thousand)."""
    if new:
        connection.execute(
            insert(tables.prediction),
            [
                {
                    "accession": one.accession,
                    "time": one.time,
                    "score": one.score,
                    "device": one.device,
                    "software_version": one.software_version,
                }
                for one in new
            ],
        )


def final_reports(connection: Connection) -> Iterator[FinalReport]:
    """Every final report in the order in which they were loaded."""
    times = {row.report_id: _utc(row.time) for row in connection.execute(select(tables.report_time))}
    for stored in labeling_rows.reports(connection, None):  # a deployed model's, of no application
        yield FinalReport(stored.report, times[stored.id])


def final_reports_by_accession(connection: Connection, accessions: Sequence[str]) -> dict[str, FinalReport]:
    """Those of `accessions` (at most a thousand) whose study has a final report."""
    report = labeling_tables.report
    query = (
        select(report.c.accession, tables.report_time.c.time)
        .join(tables.report_time)
        .where(report.c.accession.in_(accessions))
    )
    times = {row.accession: _utc(row.time) for row in connection.execute(query)}
    known = labeling_rows.reports_by_accession(connection, accessions)
    return {accession: FinalReport(found.report, times[accession]) for accession, found in known.items()}


def add_final_reports(connection: Connection, new: Sequence[FinalReport], secret: bytes) -> None:
    """Adds final reports of studies that have none (at most a thousand), in their order."""
    if not new:
        return
    labeling_rows.add_reports(connection, [one.report for one in new], secret)
    times = {one.report.accession: one.time for one in new}
    report = labeling_tables.report
    query = select(report.c.id, report.c.accession).where(report.c.accession.in_(list(times)))
    connection.execute(
        insert(tables.report_time),
        [{"report_id": row.id, "time": times[row.accession]} for row in connection.execute(query)],
    )


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)  # SQLite keeps no time zone; what is written is UTC
