"""A file of reports, whatever its format, and how it gets into a project.

`ccds labeling load` and whoever loads later (a widget, a nightly job) need no more than this: a `ReportSource` and `load`.
"""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.csv_files import check_out, write_rows
from ccds_kernel.labeling.incoming.fhir_reports import FhirReading, read_fhir
from ccds_kernel.labeling.incoming.hl7_reports import Hl7Reading, read_hl7
from ccds_kernel.labeling.incoming.parquet_reports import read_parquet_reports
from ccds_kernel.labeling.incoming.survey import Survey, standing_versions, survey
from ccds_kernel.labeling.incoming.version import Entry, Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.report_file import ReportColumns, read_reports
from ccds_kernel.labeling.repository import LabelingRepository, Loaded

Watch = Callable[[Iterable[Entry], str], Iterable[Entry]]
"""Shows somebody how far it is: what is read, and the word for what happens to it."""


class Format(StrEnum):
    """How reports come."""

    CSV = "csv"
    PARQUET = "parquet"
    HL7 = "hl7"
    FHIR = "fhir"


_TABLES = {Format.CSV, Format.PARQUET}
_SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".hl7": Format.HL7,
    ".oru": Format.HL7,
    ".ndjson": Format.FHIR,
    ".jsonl": Format.FHIR,
    ".json": Format.FHIR,
    ".fhir": Format.FHIR,
}
_OTHER_FILES = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
}
_PARQUET = b"PAR1"

MOST_NUMBERS = 10
_TOLD = {"empty", "conflicting", "contradicting"}
"""What somebody can look up in the file and mend there; what is beyond the application is many."""

HELD_UP_TO = 64 * 1024 * 1024
"""Bytes: the reports of a file of this size are all in memory meanwhile, so that nobody waits for the write lock while it is
read. A longer one is read twice, the second time under the lock, with one report at a time in memory."""


def format_of(path: Path) -> Format:
    """What the file's name says; CSV where it says nothing."""
    return _SUFFIXES.get(path.suffix.lower(), Format.CSV)


@dataclass(frozen=True)
class ReportSource:
    """A file of reports and how it is to be read.

    Args:
        path: the file, or a pipe.
        format: how the reports come.
        columns: of a table, what is what.
        hl7: of HL7 v2 messages, what the site's leave open.
        fhir: of FHIR resources, likewise.

    Raises:
        CcdsError: columns are missing, or named for something that has none.
    """

    path: Path
    format: Format
    columns: ReportColumns | None = None
    hl7: Hl7Reading = field(default_factory=Hl7Reading)
    fhir: FhirReading = field(default_factory=FhirReading)

    def __post_init__(self) -> None:
        if (self.columns is not None) != (self.format in _TABLES):
            raise CcdsError(
                expected="columns for a table (csv, parquet), none for messages (hl7, fhir)",
                found=f"{'some' if self.columns else 'none'} for {self.format.value}",
                do="name the column of the accession number and those of text, or the file's format",
            )

    @property
    def can_reject(self) -> bool:
        """Whether one message can be left out, and the others loaded: in a table, one odd row keeps the whole file out."""
        return self.format not in _TABLES

    def entries(self) -> Iterator[Entry]:
        """What is in the file, one after the other.

        Raises:
            CcdsError: it can't be read as what it should be.
        """
        self._check_kind()
        if self.format is Format.HL7:
            yield from read_hl7(self.path, self.hl7)
        elif self.columns is None:
            yield from read_fhir(self.path, self.fhir)
        else:
            read = read_reports if self.format is Format.CSV else read_parquet_reports
            for number, report in enumerate(read(self.path, self.columns), 1):
                yield Version(number, Standing.FINAL, report)

    def _check_kind(self) -> None:
        # a pipe would lose what is looked at; what can't be read, the reader tells
        if not self.path.is_file() or not os.access(self.path, os.R_OK):
            return
        with self.path.open("rb") as file:
            begin = file.read(5)
        kinds = _OTHER_FILES if self.format is Format.PARQUET else {**_OTHER_FILES, _PARQUET: "a Parquet file"}
        for sign, kind in kinds.items():
            if begin.startswith(sign):
                raise CcdsError(
                    expected=f"{self.path} to be {self.format.value}",
                    found=kind,
                    do="name its --format" if sign == _PARQUET else "unpack it and load what is in it",
                )


@dataclass(frozen=True)
class Taken:
    """What became of the reports of a file.

    Attributes:
        loaded: of those that count.
        preliminary: versions left out, because they aren't final yet.
        withdrawn: versions that say that there is no report.
        superseded: versions left out, because a newer one in the file takes them back, readable or not.
        rejected: messages that make no report.
        repeated: of those in `loaded`, and of the superseded ones, how many say the same as an earlier one in the file.
        commented: likewise, how many came with comments that aren't read.
        numbers: attribute of `loaded` that counts what is left out → the numbers in the file of the first `MOST_NUMBERS` of them.
    """

    loaded: Loaded
    preliminary: int
    withdrawn: int
    superseded: int
    rejected: int
    repeated: int
    commented: int
    numbers: Mapping[str, tuple[int, ...]]

    @property
    def read(self) -> int:
        """How many versions and messages that make none there were."""
        return _count(self.loaded) + self.preliminary + self.withdrawn + self.superseded + self.rejected


def load(
    repository: LabelingRepository,
    source: ReportSource,
    *,
    rejected: Path,
    code_needed: bool,
    date_needed: bool,
    watch: Watch = lambda entries, _: entries,
    held_up_to: int = HELD_UP_TO,
) -> Taken:
    """Takes the reports that count into a project; all of them or, where something is wrong with the file, none.

    Args:
        repository: of the project, for the person who loads.
        source: the file. It is read to its end before anything is loaded.
        rejected: receives the number of each message that makes no report, and why; written where there is one, and where there
            was one at an earlier load.
        code_needed: whether a report without an exam code counts as not covered by the application.
        date_needed: likewise for the study date.
        watch: shows how far it is.
        held_up_to: bytes of a file whose reports are all kept in memory; what comes from a pipe always is.

    Raises:
        CcdsError: the file can't be read, holds no report at all, or was changed meanwhile; or `rejected` can't be written.
        ProjectAccessDenied: the person may not load reports.
    """
    stamp = _stamp(source.path)
    held = list(watch(source.entries(), "reading")) if stamp is None or stamp.size <= held_up_to else None
    found = survey(watch(source.entries(), "reading") if held is None else held)
    _check_some(source, found)
    if found.unreadable or (source.can_reject and rejected.exists()):
        check_out(rejected, [source.path])
        write_rows(rejected, ("number", "reason"), ((str(one.number), one.reason) for one in found.unreadable))
    entries = watch(source.entries() if held is None else held, "loading")
    coming: array[int] = array("Q")  # eight bytes for each report; the repository knows places only
    reports = _while_same(_noting(standing_versions(entries, found), coming), source.path, stamp)
    numbers: defaultdict[str, list[int]] = defaultdict(list)

    def note(what: str, place: int) -> None:
        if what in _TOLD and len(numbers[what]) < MOST_NUMBERS:
            numbers[what].append(coming[place])

    loaded = repository.load_reports(reports, code_needed=code_needed, date_needed=date_needed, tell=note)
    return Taken(
        loaded,
        found.preliminary,
        found.withdrawn,
        found.signed - _count(loaded),
        len(found.unreadable),
        found.repeated,
        found.commented,
        {what: tuple(some) for what, some in numbers.items()},
    )


def _count(loaded: Loaded) -> int:
    return loaded.added + loaded.known + loaded.left_out


def _noting(versions: Iterable[Version], numbers: array[int]) -> Iterator[Report]:
    """The reports of `versions`, whose numbers in the file go into `numbers`."""
    for version in versions:
        numbers.append(version.number)
        yield version.report


def _check_some(source: ReportSource, found: Survey) -> None:
    if found.entries > len(found.unreadable):
        return
    first: Unreadable = found.unreadable[0]
    raise CcdsError(
        expected=f"reports in {source.path} ({source.format.value})",
        found=f"{found.entries} that can't be read as such; number {first.number}: {first.reason}",
        do="see docs/formats.md for what is read; nothing was loaded",
    )


class _Stamp(NamedTuple):
    inode: int
    size: int
    modified_ns: int


def _stamp(path: Path) -> _Stamp | None:
    """What tells a file from what it was; None for a pipe, and for what isn't there, of which the reader tells."""
    if not path.is_file():
        return None
    seen = path.stat()
    return _Stamp(seen.st_ino, seen.st_size, seen.st_mtime_ns)


def _while_same(reports: Iterable[Report], path: Path, stamp: _Stamp | None) -> Iterator[Report]:
    """`reports`; at their end, an error where the file isn't what it was: what counts was found out in the old one."""
    yield from reports
    if _stamp(path) != stamp:
        raise CcdsError(
            expected=f"{path} to stay as it is while it is loaded",
            found="that somebody changed it",
            do="load it again when it is complete; nothing was loaded",
        )
