"""A report: the texts that a radiologist wrote about one study, in named sections."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.labeling.text import is_valid_unicode, normalise, visible

LONGEST_ACCESSION = 64


@dataclass(frozen=True)
class Section:
    """One part of a report, such as findings or impression; `name` is the column that it came from."""

    name: str
    text: str


@dataclass(frozen=True)
class Report:
    """One report.

    Args:
        accession: the accession number of the study: 1 to 64 characters without white space around them.
        sections: in reading order; at least one, each name once.
        exam_code: where known.
        study_date: where known.

    Raises:
        CcdsError: a part is missing, or a text isn't valid Unicode. No value is quoted.
    """

    accession: str
    sections: tuple[Section, ...]
    exam_code: str | None = None
    study_date: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.accession) <= LONGEST_ACCESSION or self.accession != self.accession.strip():
            raise CcdsError(
                expected=f"an accession number of 1 to {LONGEST_ACCESSION} characters, without spaces around it",
                found=f"one of {len(self.accession)} characters",
                do="mend the report",
            )
        names = [section.name for section in self.sections]
        if not names or len(set(names)) < len(names):
            raise CcdsError(
                expected="sections, each name once",
                found=f"{len(names)} of {len(set(names))} names",
                do="mend the report",
            )
        if any("\0" in text or not is_valid_unicode(text) for text in (self.accession, *self.texts)):
            raise CcdsError(
                expected="texts in whole characters", found="a zero byte or half a character", do="export it again"
            )

    @property
    def texts(self) -> tuple[str, ...]:
        """The sections' texts, as `PhraseIndex` takes them."""
        return tuple(section.text for section in self.sections)

    def texts_without(self, left_out: Collection[str]) -> tuple[str, ...]:
        """`texts` for matching, empty where the section's name is among `left_out` (case and white space don't count).

        Places stay as they are: what a phrase finds in section 2 is in section 2 of the report that is shown.
        """
        names = {normalise(name) for name in left_out}
        return tuple("" if normalise(section.name) in names else section.text for section in self.sections)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read in it."""
        return not any(visible(text).strip() for text in self.texts)

    def says_the_same(self, other: Report) -> bool:
        """Whether `other` has the same sections; exam code and date count only where both have one."""
        return (
            self.sections == other.sections
            and (self.exam_code or other.exam_code) == (other.exam_code or self.exam_code)
            and (self.study_date or other.study_date) == (other.study_date or self.study_date)
        )

    def is_covered_by(self, application: IrbApplication, *, code_needed: bool, date_needed: bool) -> bool:
        """Whether `application` covers its exam code and date; one that isn't known counts as not covered where needed."""
        first, last = application.study_dates
        code_covered = not code_needed if self.exam_code is None else self.exam_code in application.exam_codes
        date_covered = not date_needed if self.study_date is None else first <= self.study_date <= last
        return code_covered and date_covered
