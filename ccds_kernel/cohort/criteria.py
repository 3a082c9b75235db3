"""What a cohort is made of: exam codes × study dates, held against what the IRB application approves.

A report of which the exam code or the study date isn't known belongs to no cohort: nobody can say whether it is approved. Such
ones are counted and named (see `counts`), never guessed in.

Rejected: further criteria such as words of the report. Which words count is the labeling stage's business, and a cohort that
depends on them would change with every phrase.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.rules import ProjectAccessDenied

MOST_NAMED = 10
"""Exam codes that a line names; of more it says how many."""

Stretch = tuple[date, date]
"""A first and a last day, both included."""


@dataclass(frozen=True)
class Criteria:
    """Reports of these exam codes whose study dates lie between two days.

    Args:
        exam_codes: at least one.
        first: the first day.
        last: the last day, included.

    Raises:
        CcdsError: no exam code, or the days are in the wrong order.
    """

    exam_codes: frozenset[str]
    first: date
    last: date

    def __post_init__(self) -> None:
        if not all(self.exam_codes) or not self.exam_codes:
            raise CcdsError(expected="at least one exam code", found="none", do="name one")
        if self.last < self.first:
            raise CcdsError(
                expected=f"a first study date that isn't after the last one, {self.last}",
                found=f"{self.first}",
                do="name both dates",
            )

    @classmethod
    def within(
        cls,
        application: IrbApplication,
        exam_codes: Collection[str] | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> Criteria:
        """The criteria that somebody named; what they didn't name is as `application` has it.

        Raises:
            CcdsError: as the class.
        """
        begin, end = application.study_dates
        codes = application.exam_codes if exam_codes is None else exam_codes
        return cls(frozenset(codes), first or begin, last or end)

    @property
    def codes(self) -> tuple[str, ...]:
        """The exam codes in order."""
        return tuple(sorted(self.exam_codes))

    def __str__(self) -> str:
        return f"{named(self.codes)}, {self.first} to {self.last}"


@dataclass(frozen=True)
class Beyond:
    """What of criteria an application doesn't cover: exam codes, and stretches of study dates; one of the two at least."""

    codes: tuple[str, ...]
    dates: tuple[Stretch, ...]

    @property
    def counted(self) -> str:
        """It without the codes' names, for a log: somebody may have typed anything."""
        parts = [f"{len(self.codes)} other exam code(s)"] if self.codes else []
        return " and ".join(parts + [_days(stretch) for stretch in self.dates])

    def refusal(self, application: IrbApplication) -> ProjectAccessDenied:
        """What the person is told."""
        first, last = application.study_dates
        parts = [named(self.codes)] if self.codes else []
        return ProjectAccessDenied(
            expected=f"exam codes and study dates that the IRB application covers ({named(application.exam_codes)}; "
            f"{first} to {last})",
            found=" and ".join(parts + [_days(stretch) for stretch in self.dates]),
            do=f"name what it covers, or ask the principal investigator, {application.pi}, for an amendment",
        )


def beyond(criteria: Criteria, application: IrbApplication) -> Beyond | None:
    """What of `criteria` isn't covered by `application`; None where all of it is."""
    first, last = application.study_dates
    codes = tuple(code for code in criteria.codes if code not in application.exam_codes)
    dates: list[Stretch] = []
    if criteria.first < first:
        dates.append((criteria.first, min(criteria.last, first - timedelta(days=1))))
    if criteria.last > last:
        dates.append((max(criteria.first, last + timedelta(days=1)), criteria.last))
    return Beyond(codes, tuple(dates)) if codes or dates else None


def named(codes: Collection[str]) -> str:
    """The exam codes as a line names them."""
    shown = sorted(codes)[:MOST_NAMED]
    more = len(codes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _days(stretch: Stretch) -> str:
    first, last = stretch
    return f"{first}" if first == last else f"{first} to {last}"
