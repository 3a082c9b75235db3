"""Asking for several exam codes of an archive that perhaps doesn't filter by them. Pure.

Archives take one code a question. One that ignores it answers each with everything; so as soon as an answer has a study of other
codes, that month is asked for once more without any, and later months only so. What was asked for is told apart on our side
anyway. The answer that showed it isn't taken for the month's: an archive may mean another spelling of a code, not all codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound

Asking = Callable[[str, date, date], Iterable[StudyFound]]
"""Asks for the studies of an exam code (empty: of all) and of days, the first to the last."""


class Filtering:
    """What is known of one archive; for several threads."""

    def __init__(self) -> None:
        self._ignores_codes = False

    def find(self, query: ArchiveQuery, ask: Asking) -> Iterator[StudyFound]:
        """What `ask` answers for `query` month by month, each study once."""
        known: set[str] = set()
        for first, last in query.months:
            for study in self._of_month(sorted(query.exam_codes), first, last, ask):
                if study.study_uid not in known:
                    known.add(study.study_uid)
                    yield study

    def _of_month(self, codes: list[str], first: date, last: date, ask: Asking) -> Iterator[StudyFound]:
        for code in codes:
            if len(codes) > 1 and self._ignores_codes:
                break
            for study in ask(code, first, last):
                self._ignores_codes |= bool(study.exam_codes) and code not in study.exam_codes
                if len(codes) > 1 and self._ignores_codes:
                    break
                yield study
        if len(codes) > 1 and self._ignores_codes:
            yield from ask("", first, last)
