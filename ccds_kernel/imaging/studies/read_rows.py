"""The rows of what was read of studies' series: statements on a connection whose transaction the caller holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from ccds_kernel.imaging.studies.series_read import SeriesRead, from_json, to_json
from ccds_kernel.imaging.studies.tables import selection_rules, series_choice, study_series


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """What was read of a study, when its folder had that stamp."""

    stamp: str
    series: tuple[SeriesRead, ...]


def keep_series(connection: Connection, study_key: str, stamp: str, series: Sequence[SeriesRead]) -> None:
    """Keeps what was read of a study in place of what was before."""
    connection.execute(delete(study_series).where(study_series.c.study_key == study_key))
    values = {"study_key": study_key, "stamp": stamp, "series": to_json(series), "read_at": datetime.now(UTC)}
    connection.execute(insert(study_series).values(values))


def series_kept(connection: Connection, study_key: str) -> KeptSeries | None:
    """What was read of a study last; None where nothing was."""
    row = connection.execute(select(study_series).where(study_series.c.study_key == study_key)).one_or_none()
    return None if row is None else KeptSeries(row.stamp, from_json(row.series))


def stamps(connection: Connection) -> dict[str, str]:
    """Each study of which something was read, and the stamp that its folder had then."""
    return {
        row.study_key: row.stamp for row in connection.execute(select(study_series.c.study_key, study_series.c.stamp))
    }


def all_series(connection: Connection, since: datetime | None) -> Iterator[tuple[str, tuple[SeriesRead, ...]]]:
    """Each study of which something was read, `since` then or ever, and what that was."""
    wanted = select(study_series.c.study_key, study_series.c.series)
    rows = connection.execute(wanted if since is None else wanted.where(study_series.c.read_at >= since))
    return ((row.study_key, from_json(row.series)) for row in rows)


def newest_read(connection: Connection) -> datetime | None:
    """When something was read last."""
    newest: datetime | None = connection.scalar(select(func.max(study_series.c.read_at)))
    return newest


def revision(connection: Connection) -> tuple[object, ...]:
    """Changes with everything from which it follows which series is chosen, but for the exam codes."""
    read = connection.execute(select(func.count(), func.max(study_series.c.read_at)).select_from(study_series)).one()
    newest = [connection.scalar(select(func.max(table.c.id))) for table in (selection_rules, series_choice)]
    return (*read, *newest)
