"""The port to an archive: what is asked, what it says that it has, and what it sent.

An archive's word is a claim. It may ignore a filter that it doesn't support, and answer with everything; it may send another
study than was asked for, or less of it. So whatever it says is checked again on our side: what it found against the query
(`meets`), what it sent file by file (`proof`).

A study's *exam codes* are the values of one attribute (`ExamCodeAttribute`) that a site names. It may have several: a local code
beside a standard one, or two procedures in one visit.

Rejected: one query for a whole cohort. Archives cap how many studies they answer with, some without a word; so a query is
asked month by month.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

from ccds_kernel.errors import CcdsError

Progress = Callable[[int, int], object]
"""Called with the instances and the bytes that came since the last call, with none while a large one is on its way.

It may take its time: nothing is received meanwhile. What it raises ends the fetching.
"""


class ArchiveAway(CcdsError):  # noqa: N818 - named for what a person is told
    """The archive can't be reached, or turns this program away: no study's fault, and the next one would fare alike."""


class BrokeOff(ArchiveAway):
    """The connection broke while a study was on its way: perhaps by that study."""


class StudyNotSent(CcdsError):  # noqa: N818 - named for what a person is told
    """The archive is there and did not send a study."""


@dataclass(frozen=True)
class ArchiveQuery:
    """Studies of some exam codes whose study dates lie between two days, both included.

    Args:
        exam_codes: at least one.
        first: the first day.
        last: the last day.

    Raises:
        ValueError: no exam code, or the days are in the wrong order.
    """

    exam_codes: frozenset[str]
    first: date
    last: date

    def __post_init__(self) -> None:
        if not self.exam_codes or self.last < self.first:
            raise ValueError(
                f"expected exam codes and days in order; found {len(self.exam_codes)}, {self.first}, {self.last}"
            )

    @property
    def months(self) -> Iterator[tuple[date, date]]:
        """The query's days, cut where months end."""
        begin = self.first
        while begin <= self.last:
            next_month = (begin.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield begin, min(next_month - timedelta(days=1), self.last)
            begin = next_month

    def covers(self, codes: Collection[str], day: date | None) -> bool | None:
        """Whether a study with these exam codes and that date is asked for; None where one of them isn't known.

        A study outside the dates isn't, whatever its code.
        """
        if day is not None and not self.first <= day <= self.last:
            return False
        if codes and self.exam_codes.isdisjoint(codes):
            return False
        return True if codes and day is not None else None


@dataclass(frozen=True)
class StudyFound:
    """A study that an archive says it has; None and empty where it doesn't say.

    Attributes:
        study_uid: StudyInstanceUID.
        accession: the accession number, which stands in no log, message or path.
        patient: PatientID, which does neither.
        exam_codes: in the order in which the archive gives them.
        date: StudyDate.
        time: StudyTime as DICOM writes it.
        modalities: of its series.
        scanner: manufacturer, model and station of one of them.
        instances: how many it has.
    """

    study_uid: str
    accession: str = field(repr=False)
    patient: str | None = field(repr=False)
    exam_codes: tuple[str, ...] = ()
    date: date | None = None
    time: str = ""
    modalities: tuple[str, ...] = ()
    scanner: str | None = None
    instances: int | None = None

    def exam_code(self, wanted: Collection[str]) -> str | None:
        """The first of its exam codes that is wanted, else its first one."""
        return next((code for code in self.exam_codes if code in wanted), next(iter(self.exam_codes), None))


@dataclass(frozen=True)
class Retrieved:
    """What came of one study: files that were received, of how many that the archive announced."""

    received: int
    announced: int


class Archive(Protocol):
    """An archive of studies. Its methods may be called from several threads at once.

    Every method raises `ArchiveAway` where the archive can't be reached or turns this program away, and says what it answered.
    """

    def find(self, query: ArchiveQuery, *, scanners: bool = True) -> Iterator[StudyFound]:
        """The studies that the archive answers with, each once; it may have ignored any part of the query.

        Exam codes are asked for where the answer left them out and `query.covers` doesn't rule the study out; scanners likewise,
        where they are wanted: that is a question or two for each study.
        """
        ...

    def find_study(self, accession: str) -> Iterator[StudyFound]:
        """The studies with that accession number, which has no wildcards: none, one, or several of one visit.

        Whatever else the archive answers with is left out here. Exam codes are asked for where the answer left them out.
        """
        ...

    def study(self, study_uid: str) -> StudyFound | None:
        """What the archive says of one study; None where it has none of that UID. Exam codes as in `find_study`.

        Raises:
            StudyNotSent: the archive doesn't answer such a question.
        """
        ...

    def fetching(self) -> AbstractContextManager[None]:
        """Keeps what several studies are fetched by; `retrieve` alone gets it for each.

        Raises:
            CcdsError: another program has it.
        """
        ...

    def retrieve(self, study_uid: str, into: Path, progress: Progress) -> Retrieved:
        """Fetches a study into the folder `into`, which is there and empty: one file for each instance, whole or not at all.

        Files are as the archive has them, in its transfer syntax. Two instances of one UID with different content are two files.

        Raises:
            BrokeOff: the connection broke.
            StudyNotSent: the archive says that it doesn't send it.
            OSError: a file can't be written. So that a disk that is full isn't taken for the archive's fault.
        """
        ...
