"""Predictions and final reports in CSV files, one per row: `accession,time,release,score[,device,software_version]` and
`accession,report_time,<text columns>`. Other columns don't count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import positions, read_rows
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.monitoring.prediction import FinalReport, Prediction, parse_time
from ccds_kernel.monitoring.release import ReleaseId

_REQUIRED = ("accession", "time", "release", "score")
_OPTIONAL = ("device", "software_version")


@dataclass(frozen=True)
class PredictionFile:
    """The predictions of one release in a file, and how many rows belong to other releases."""

    predictions: tuple[Prediction, ...]
    others: int


def read_predictions(path: Path, release: ReleaseId) -> PredictionFile:
    """Reads the rows whose `release` is the version, or model and version as in `ich-triage-1.2.0` or `ich-triage 1.2.0`.

    Raises:
        CcdsError: the file is malformed (see `read_rows`), a column isn't there, a row makes no prediction (names the line), or
            no row is of that release.
    """
    rows = read_rows(path)
    _, header = next(rows)
    names = [name.strip() for name in header]
    places = dict(zip(_REQUIRED, positions(path, header, _REQUIRED), strict=True))
    for name in _OPTIONAL:
        if name in names:
            (places[name],) = positions(path, header, [name])
    ours = {release.version, str(release), f"{release.model} {release.version}"}
    found: list[Prediction] = []
    others = 0
    for line, cells in rows:
        row = {name: cells[place].strip() for name, place in places.items()}
        if row["release"] not in ours:
            others += 1
            continue
        with _naming(line, path):
            found.append(
                Prediction(
                    row["accession"],
                    parse_time(row["time"]),
                    _number(row["score"]),
                    row.get("device", ""),
                    row.get("software_version", ""),
                )
            )
    if not found:
        raise CcdsError(
            expected=f"predictions of release {release.version} or {release} in {path}",
            found=f"{others} of other releases",
            do="name the release that is in the column 'release'",
        )
    return PredictionFile(tuple(found), others)


def read_final_reports(path: Path, text_columns: Sequence[str]) -> tuple[FinalReport, ...]:
    """Reads one final report per row; `text_columns` are its sections, in reading order.

    Raises:
        CcdsError: the file is malformed (see `read_rows`), a column isn't there or is named twice, or a row makes no final
            report; names the line.
    """
    wanted = ["accession", "report_time", *text_columns]
    if not text_columns or len(set(wanted)) < len(wanted):
        raise CcdsError(
            expected="text columns, each named once, beside accession and report_time",
            found="one named twice" if text_columns else "none",
            do="name each column of text once",
        )
    rows = read_rows(path)
    _, header = next(rows)
    accession, time, *texts = positions(path, header, wanted)
    found = []
    for line, cells in rows:
        sections = tuple(Section(name, cells[place]) for name, place in zip(text_columns, texts, strict=True))
        with _naming(line, path):
            found.append(FinalReport(Report(cells[accession].strip(), sections), parse_time(cells[time].strip())))
    return tuple(found)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise CcdsError(
            expected="a score from 0 to 1", found="something that is no number", do="export probabilities"
        ) from None


@contextmanager
def _naming(line: int, path: Path) -> Iterator[None]:
    try:
        yield
    except CcdsError as error:
        raise CcdsError(
            expected=error.expected,
            found=f"{error.found} in the row that begins at line {line} of {path}",
            do=error.do,
        ) from None
