"""Reports in a CSV file, one per row: as texts to match, or as reports to load into a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import positions, read_rows
from ccds_kernel.labeling.report import Report, Section


@dataclass(frozen=True)
class ReportTexts:
    """The texts of n rows and what stands in the file's first column, whatever that is.

    Attributes:
        key_name: the name of the first column.
        keys: its n cells, as they came.
        texts: per row, the cells of the text columns.
    """

    key_name: str
    keys: list[str]
    texts: list[tuple[str, ...]]


@dataclass(frozen=True)
class ReportColumns:
    """Which column of a reports file is what; each is one thing only, so that no accession number becomes a text.

    Args:
        accession: the accession number.
        texts: the sections, in reading order.
        exam_code: if the file has one.
        study_date: if the file has one; ISO dates, with or without a time.

    Raises:
        CcdsError: there is no text column, or one column is named twice.
    """

    accession: str
    texts: tuple[str, ...]
    exam_code: str | None = None
    study_date: str | None = None

    def __post_init__(self) -> None:
        _check_named_once(self.texts)
        others = [name for name in (self.accession, self.exam_code, self.study_date) if name is not None]
        _check_named_once([*self.texts, *others], what="columns")


def read_texts(path: Path, text_columns: Sequence[str]) -> ReportTexts:
    """Reads the columns `text_columns` of every row.

    Raises:
        CcdsError: the file is malformed (see `read_rows`), a column isn't there, or one is named twice.
    """
    _check_named_once(text_columns)
    rows = read_rows(path)
    _, header = next(rows)
    places = positions(path, header, text_columns)
    found = ReportTexts(header[0], [], [])
    for _, cells in rows:
        found.keys.append(cells[0])
        found.texts.append(tuple(cells[place] for place in places))
    return found


def read_reports(path: Path, columns: ReportColumns) -> Iterator[Report]:
    """Reads one report per row; white space around an accession number, exam code or date doesn't count.

    Raises:
        CcdsError: the file is malformed (see `read_rows`), a column isn't there, or a row makes no report; names the line.
    """
    rows = read_rows(path)
    _, header = next(rows)
    (accession,) = positions(path, header, [columns.accession])
    texts = positions(path, header, columns.texts)
    exam_code, study_date = (
        None if name is None else positions(path, header, [name])[0] for name in (columns.exam_code, columns.study_date)
    )
    for line, cells in rows:
        try:
            yield Report(
                cells[accession].strip(),
                tuple(Section(name, cells[place]) for name, place in zip(columns.texts, texts, strict=True)),
                None if exam_code is None else cells[exam_code].strip() or None,
                None if study_date is None else parse_date(cells[study_date].strip()),
            )
        except CcdsError as error:
            raise CcdsError(
                expected=error.expected,
                found=f"{error.found} in the row that begins at line {line} of {path}",
                do=error.do,
            ) from None


def parse_date(cell: str) -> date | None:
    """The day that an ISO date, with or without a time, names; None where there is nothing.

    Raises:
        CcdsError: it is no date.
    """
    if not cell:
        return None
    try:
        return datetime.fromisoformat(cell).date()
    except ValueError:
        raise CcdsError(
            expected="a date as 2026-01-31", found="something else", do="export the dates in that form"
        ) from None


def _check_named_once(names: Sequence[str], what: str = "text columns") -> None:
    if not names or len(set(names)) < len(names):
        raise CcdsError(
            expected=f"{what}, each named once",
            found="one named twice" if names else "none",
            do="name each column once",
        )
