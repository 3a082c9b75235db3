"""Reports in a Parquet file, one per row.

Read by polars, a slice of rows at a time, and not by `collect_batches`, which polars calls unstable and which took more time and
memory. A table is one export by one program, so a row that makes no report keeps the whole file out, as in CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import positions
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.report_file import ReportColumns, parse_date

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 5000
"""Rows in memory."""


def read_parquet_reports(path: Path, columns: ReportColumns) -> Iterator[Report]:
    """Reads one report per row; white space around an accession number, exam code or date doesn't count.

    Texts are strings, null is the empty one. Accession numbers and exam codes are strings or integers. Dates are dates, times, or
    strings as in CSV.

    Raises:
        CcdsError: the file can't be read, has no rows, a column isn't there or holds something else, or a row makes no report;
            names the row, counted from 1.
    """
    names = [columns.accession, *columns.texts, *filter(None, (columns.exam_code, columns.study_date))]
    table = _table(path, columns, names)
    count = 0
    while rows := _slice(path, table, count):
        for row in rows:
            count += 1
            cells = dict(zip(names, row, strict=True))
            try:
                yield Report(
                    _word(cells[columns.accession]) or "",
                    tuple(Section(name, cells[name] or "") for name in columns.texts),
                    None if columns.exam_code is None else _word(cells[columns.exam_code]),
                    None if columns.study_date is None else _day(cells[columns.study_date]),
                )
            except CcdsError as error:
                raise CcdsError(
                    expected=error.expected, found=f"{error.found} in row {count} of {path}", do=error.do
                ) from None
    if not count:
        raise CcdsError(expected=f"at least one row in {path}", found="none", do="export it again")


def _table(path: Path, columns: ReportColumns, names: list[str]) -> pl.LazyFrame:
    import polars as pl  # noqa: PLC0415 - 0.2 s that the other formats don't need

    try:
        table = pl.scan_parquet(path, glob=False)
        schema = table.collect_schema()
    except (OSError, pl.exceptions.PolarsError):
        raise _unreadable(path) from None
    header = schema.names()
    order = [header[place] for place in positions(path, header, names)]
    for name, column in zip(names, order, strict=True):
        dtype = schema[column]
        if isinstance(
            dtype, (pl.String, pl.Categorical, pl.Enum, pl.Null)
        ):  # a column of nothing but nulls has no type
            continue
        if name in columns.texts or not (dtype.is_temporal() if name == columns.study_date else dtype.is_integer()):
            raise CcdsError(
                expected=f"strings in the column '{name}' of {path}",
                found=str(dtype.base_type()),  # without the categories of an enumeration
                do="name another column, or export it as strings",
            )
    return table.select(pl.col(column).alias(name) for name, column in zip(names, order, strict=True))


def _slice(path: Path, table: pl.LazyFrame, begin: int) -> list[tuple[Any, ...]]:
    import polars as pl  # noqa: PLC0415 - as above

    try:
        return table.slice(begin, _AT_ONCE).collect().rows()
    except (OSError, pl.exceptions.PolarsError):  # cut short, or damaged, behind its first rows
        raise _unreadable(path) from None


def _unreadable(path: Path) -> CcdsError:
    # polars' own message may quote what it found
    return CcdsError(
        expected=f"a Parquet file at {path}",
        found="one that can't be read as such",
        do="export it again, or name --format",
    )


def _word(cell: object) -> str | None:
    return None if cell is None else str(cell).strip() or None


def _day(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) or cell is None else parse_date(str(cell).strip())
