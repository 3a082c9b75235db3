"""What data a person's session will see, in words: read before the click, on the home page and the start form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Access, DataKind
from ccds_kernel.irb.rules import calendar_day, rights_in
from ccds_kernel.settings import Settings
from ccds_spawners.contents import Contents, ContentsCounter

_MOMENT_S = 1.0
_HOW = {Access.READ: "read only", Access.WRITE: "read and write"}


@dataclass(frozen=True)
class Seen:
    """What a session will see.

    Args:
        cohort: the exam codes that the application covers.
        covered: the first and last day that it covers.
        kinds: a line for each kind of data that the person has a right to, such as `1,200 reports, read only`; no number where
            they are given some of it only.
        there: from which day to which the project's reports are; empty where that isn't known.
        labels: the project's labels, in words; empty where the person reads no reports as they like.
        until: the last day on which it opens.
    """

    cohort: tuple[str, ...]
    covered: tuple[date, date]
    kinds: tuple[str, ...]
    there: str
    labels: str
    until: date


def seen_by(application: IrbApplication, rights: dict[DataKind, Access], contents: Contents) -> Seen:
    """What somebody with these `rights` on the project's data will see of `contents`."""
    numbers = {DataKind.IMAGES: contents.imaged, DataKind.REPORTS: contents.reports}
    words = {DataKind.IMAGES: ("study with images", "studies with images"), DataKind.REPORTS: ("report", "reports")}
    unknown = _unknown(contents)
    kinds = tuple(
        f"{words[kind][1]} that are assigned to you"
        if access is Access.ROWS
        else f"{_many(numbers[kind], *words[kind], unknown)}, {_HOW[access]}"
        for kind, access in sorted(rights.items())
    )
    reads_reports = rights.get(DataKind.REPORTS, Access.ROWS) > Access.ROWS
    there = f"{contents.dates[0]} to {contents.dates[1]}" if contents.dates and reads_reports else ""
    return Seen(
        application.exam_codes,
        application.study_dates,
        kinds,
        there,
        _labels(contents) if reads_reports else "",
        min(day for day in (application.expires, application.withdrawn) if day),
    )


def what_is_seen(project: Project, contents: ContentsCounter, settings: Settings) -> Seen:
    """What a session of the open `project` will see. Waits a moment for a count where there never was one.

    Raises:
        CcdsError: the registry can't be read, or the application is gone.
    """
    application = project.application
    rights = rights_in(application, project.person, calendar_day(), settings.irb.training_years)
    return seen_by(application, rights, contents.counted(project.id, _MOMENT_S))


def _labels(contents: Contents) -> str:
    if contents.reports is None:
        return _unknown(contents)
    return ", ".join(contents.labels) or "none yet"


def _unknown(contents: Contents) -> str:
    return "being counted" if contents.counting else "not counted"


def _many(number: int | None, one: str, more: str, unknown: str) -> str:
    return f"{more}: {unknown}" if number is None else f"{number:,} {one if number == 1 else more}"
