"""What a release said about a study, and the report that a radiologist signed about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.report import LONGEST_ACCESSION, Report

LONGEST_NAME = 64
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Prediction:
    """One prediction.

    Args:
        accession: the accession number of the study: 1 to 64 printable characters without white space around them.
        time: when it was made, in UTC.
        score: 0 to 1.
        device: the scanner; empty where it isn't known.
        software_version: the scanner's; empty where it isn't known.

    Raises:
        CcdsError: one of them is invalid. No value is quoted.
    """

    accession: str
    time: datetime
    score: float
    device: str = ""
    software_version: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.accession) <= LONGEST_ACCESSION or not _is_name(self.accession):
            raise CcdsError(
                expected=f"an accession number of 1 to {LONGEST_ACCESSION} printable characters, without spaces around it",
                found="another one",
                do="mend the row",
            )
        for what, name in (("device", self.device), ("software version", self.software_version)):
            if len(name) > LONGEST_NAME or not _is_name(name):
                raise CcdsError(
                    expected=f"a {what} of at most {LONGEST_NAME} printable characters",
                    found="another one",
                    do="mend it",
                )
        if not 0 <= self.score <= 1:  # not a number is neither
            raise CcdsError(expected="a score from 0 to 1", found="another one", do="export probabilities")
        check_time(self.time)


@dataclass(frozen=True)
class FinalReport:
    """A report, and when it became final (UTC).

    Raises:
        CcdsError: the time isn't one in UTC.
    """

    report: Report
    time: datetime

    def __post_init__(self) -> None:
        check_time(self.time)


def parse_time(cell: str) -> datetime:
    """An ISO time as UTC; one without an offset is UTC already.

    Raises:
        CcdsError: it is none. The cell isn't quoted.
    """
    try:
        found = datetime.fromisoformat(cell)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CcdsError(
            expected="a time as 2026-01-31T13:45:00 (UTC, or with its offset)",
            found="something else",
            do="export the times in that form",
        ) from None
    return found


def check_time(time: datetime) -> None:
    """Makes sure that `time` is one in UTC and no slip of a clock or an export.

    Raises:
        CcdsError: it isn't.
    """
    if time.utcoffset() != timedelta(0):
        raise CcdsError(expected="a time in UTC", found="another time zone, or none", do="convert it")
    if not EARLIEST <= time < LATEST:
        raise CcdsError(expected="a time from 1990 to 2099", found="another one", do="mend the clock or the export")


def _is_name(text: str) -> bool:
    return text == text.strip() and text.isprintable()
