"""Asking the archive month by month: how far it is, stopping it, and archives that answer out of turn."""

from collections.abc import Iterator
from datetime import date

import pytest

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.imaging.retrieval.asking import Asked, AskingStopped, ask_archive

MONTHS = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]


def found(number: int, day: date | None, **more) -> StudyFound:
    """A study of that day."""
    return StudyFound(f"1.2.{number}", f"ACC{number}", None, ("CTHEAD",), day, **more)


class Months:
    """An archive that answers about one month at a time; `days` are those of its studies.

    Attributes:
        ignores: whether it answers with all of them each time, with the scanner for those of the month only, as adapters do.
        asked: what it was asked.
    """

    def __init__(self, *days: date | None, ignores: bool = False) -> None:
        self._days = days
        self._ignores = ignores
        self.asked: list[ArchiveQuery] = []

    def find(self, query: ArchiveQuery, *, scanners: bool) -> Iterator[StudyFound]:
        """The studies of a query."""
        self.asked.append(query)
        for number, day in enumerate(self._days):
            fits = query.covers({"CTHEAD"}, day) is not False
            if fits or self._ignores:
                yield found(number, day, scanner="Example CT7" if fits and scanners else None)


def test_it_tells_how_far_it_is(project, criteria):
    """A month when it begins, and each study."""
    told: list[Asked] = []

    ask_archive(project, Months(date(2024, 1, 5), date(2024, 3, 5), date(2024, 3, 6)), criteria, told.append)

    assert [(one.month, one.done, one.studies) for one in told] == [
        (MONTHS[0], 0, 0), (MONTHS[0], 0, 1), (MONTHS[1], 1, 1), (MONTHS[2], 2, 1), (MONTHS[2], 2, 2), (MONTHS[2], 2, 3),
    ]  # fmt: skip
    assert {one.months for one in told} == {3}


def test_it_is_stopped_between_months(settings, project, criteria):
    """The archive is asked nothing more, and no event says that studies were found."""
    archive = Months()

    def stop(asked: Asked) -> None:
        if asked.done == 1:
            raise AskingStopped(expected="to be let go on", found="a stop", do="ask again")

    with pytest.raises(AskingStopped):
        ask_archive(project, archive, criteria, stop)

    assert len(archive.asked) == 1
    assert not [one for one in FileAuditSink(settings.paths.audit).entries("HEAD-1") if one["event"] == "StudiesFound"]


def test_a_study_counts_once_however_often_the_archive_answers_with_it(project, criteria):
    """One that ignores dates: each with what its own month's answer says of it, those beyond the dates told once."""
    archive = Months(date(2024, 1, 5), date(2024, 3, 5), date(2025, 1, 1), None, ignores=True)

    asked = ask_archive(project, archive, criteria)

    assert asked.by_scanner == {"Example CT7": 3}
    assert asked.by_month == {"2024-01": 1, "2024-03": 1, "?": 1}
    assert (asked.undecided, asked.others) == (1, 1)


def test_a_study_that_only_another_month_s_answer_has_is_not_lost(project, criteria):
    """An archive whose index and whose answer differ about the date."""

    class Confused(Months):
        def find(self, query: ArchiveQuery, *, scanners: bool) -> Iterator[StudyFound]:
            if query.first == MONTHS[2] and scanners:
                yield found(1, date(2024, 2, 28))

    asked = ask_archive(project, Confused(), criteria)

    assert asked.by_month == {"2024-02": 1}


def test_scanners_are_asked_for_only_to_count(project, criteria):
    """Whoever fetches spares the archive a question or two for each study."""
    archive = Months(date(2024, 1, 5))

    assert ask_archive(project, archive, criteria, scanners=False).by_scanner == {"?": 1}
    assert ask_archive(project, archive, criteria).by_scanner == {"Example CT7": 1}
