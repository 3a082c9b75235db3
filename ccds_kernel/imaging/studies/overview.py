"""A project's studies as a whole, for one person: which series of each is chosen, what other rules would change, the quarantine.

Nothing here changes anything but what is known of studies: see `series_read`. Who may not write keeps that in memory, for as long
as they look. Every method asks the project again whether the person may do it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.selection.rules import Choice, SelectionRules
from ccds_kernel.imaging.selection.rules_file import parse_rules
from ccds_kernel.imaging.studies import read_rows, rows
from ccds_kernel.imaging.studies.deciding import Said, decide
from ccds_kernel.imaging.studies.read_rows import KeptSeries
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.rows import Judgement, KeptRules
from ccds_kernel.imaging.studies.series_read import SeriesRead, read_series, stamp_of
from ccds_kernel.imaging.studies.thumbnail import NoThumbnail, thumbnail
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied

_MOST_VERSIONS = 20
_TOLD_EACH = 1000
_CLOCKS_DIFFER = timedelta(minutes=5)
"""Between hosts whose sessions read studies; what was read in that time before the newest is looked at again."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One study in a list.

    Args:
        study_key: the study.
        exam_codes: as the archive or its report says.
        choice: what is made of it; None where its files weren't read yet.
        read: its series; empty where they weren't read yet.
    """

    study_key: str
    exam_codes: tuple[str, ...]
    choice: Choice | None
    read: tuple[SeriesRead, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What other rules would make of the studies that were read.

    Args:
        read: how many studies were read.
        unread: how many weren't: nobody knows of these.
        other: how many would get another series.
        first: how many would get a series that have none.
        none: how many would lose theirs.
        examples: some of these, by key.
    """

    read: int
    unread: int
    other: int
    first: int
    none: int
    examples: tuple[str, ...]


class _Known(NamedTuple):
    """From what it follows, by the rules, what is made of a study: a tuple, which is made and compared 100,000 times."""

    read: tuple[SeriesRead, ...] | None
    codes: tuple[str, ...]
    said: Said | None


class StudiesOverview:
    """The studies of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._studies = ImageStudies(project)
        self._mine: dict[str, KeptSeries] = {}  # what was read and couldn't be kept
        self._reads = 0
        self._kept: dict[str, tuple[SeriesRead, ...]] = {}
        self._kept_at: datetime | None = None
        self._one_at_a_time = Lock()
        self._codes: tuple[object, dict[str, tuple[str, ...]]] = None, {}
        self._rules = SelectionRules(())
        self._decided: dict[str, tuple[_Known, Outline]] = {}
        self._known: tuple[object, list[Outline]] | None = None

    def outlines(self, tell: Callable[[float], None] = lambda _: None) -> list[Outline]:
        """Every study, by key. From any thread.

        Args:
            tell: is told which share is done: the first time, and after other rules, 100,000 take seconds.
        """
        with self._one_at_a_time:
            return self._outlines(tell)

    def _outlines(self, tell: Callable[[float], None]) -> list[Outline]:
        keys = self._studies.study_keys()
        reports = self._project.may(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            coded = keys, reports, rows.revision_of_codes(connection, reports=reports)
            revision = (coded, self._reads, read_rows.revision(connection))
            if self._known is not None and self._known[0] == revision:
                return self._known[1]
            since = None if self._kept_at is None else self._kept_at - _CLOCKS_DIFFER
            for at, (key, series) in enumerate(read_rows.all_series(connection, since)):
                self._kept[key] = series
                if at % _TOLD_EACH == 0:
                    tell(min(0.5, 0.5 * at / max(len(keys), 1)))
            self._kept_at = read_rows.newest_read(connection)
            mine = dict(self._mine)  # a thread may add to it meanwhile
            if self._codes[0] != coded:
                self._codes = coded, rows.exam_codes(connection, keys, reports=reports)
            said = rows.newest_choices(connection)
        read = self._kept | {key: kept.series for key, kept in mine.items()}
        codes = self._codes[1]
        rules = self._studies.rules()
        if rules != self._rules:
            self._rules, self._decided = rules, {}
        decided = {}
        for at, key in enumerate(keys):
            decided[key] = self._decide(key, _Known(read.get(key), codes.get(key, ()), said.get(key)))
            if at % _TOLD_EACH == 0:
                tell(0.5 + 0.5 * at / len(keys))
        self._decided = decided
        found = [outline for _, outline in self._decided.values()]
        self._known = revision, found
        return found

    def _decide(self, study_key: str, known: _Known) -> tuple[_Known, Outline]:
        """As before where nothing else is known of the study: deciding takes most of the time."""
        before = self._decided.get(study_key)
        if before is not None and before[0] == known:
            return before
        return known, _outline(study_key, known, self._rules)

    def read(self, study_key: str) -> tuple[SeriesRead, ...]:
        """The series of a study, read anew where files came or went.

        Raises:
            CcdsError: no such study.
        """
        folder = self._studies.folder(study_key)
        stamp = stamp_of(folder)
        with self._project.store.reading() as connection:
            kept = self._mine.get(study_key) or read_rows.series_kept(connection, study_key)
        if kept is not None and kept.stamp == stamp:
            return kept.series
        series = read_series(folder)
        if self._project.may(Action.WRITE_IMAGES):
            with self._project.store.writing() as connection:
                read_rows.keep_series(connection, study_key, stamp, series)
        else:
            self._mine[study_key] = KeptSeries(stamp, series)
            self._reads += 1
        return series

    def read_all(self, seen: Callable[[], object] = lambda: None) -> None:
        """Reads every study that wasn't read yet, then those to which files came; `seen` is called for each.

        What can't be read is left for whoever looks at it.

        Raises:
            ProjectAccessDenied: the person's right ended meanwhile.
        """
        for one in sorted(self.outlines(), key=lambda one: one.choice is not None):
            try:
                self.read(one.study_key)
            except ProjectAccessDenied:
                raise
            except CcdsError:
                pass  # it stays unread, which the list says
            seen()

    def read_changed(self, seen: Callable[[], object] = lambda: None) -> None:
        """Reads anew those studies that were read before and to which files came since, or went; `seen` is called for each.

        What can't be read is left for whoever looks at it.
        """
        with self._project.store.reading() as connection:
            stamps = read_rows.stamps(connection)
        for key in self._studies.study_keys():
            with contextlib.suppress(CcdsError):
                if key in stamps and stamp_of(self._studies.folder(key)) != stamps[key]:
                    self.read(key)
            seen()

    def study(self, study_key: str) -> Outline:
        """One study as it is now.

        Raises:
            CcdsError: no such study.
        """
        read = self.read(study_key)
        with self._project.store.reading() as connection:
            reports = self._project.may(Action.READ_REPORTS)
            codes = rows.exam_codes(connection, [study_key], reports=reports).get(study_key, ())
            said = rows.choices(connection, study_key)
        return _outline(study_key, _Known(read, codes, said[0] if said else None), self._studies.rules())

    def volumes(self, study_key: str) -> Mapping[str, Judgement]:
        """What became of the series of a study that were converted, by name."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return {one.series: one for one in rows.judgements_of(connection, study_key)}

    def said(self, study_key: str) -> list[Said]:
        """What people said about a study's series, the newest first."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.choices(connection, study_key)

    def thumbnail(self, study_key: str, series: str) -> bytes:
        """A small picture of the middle slice of a series, as a PNG.

        Raises:
            NoThumbnail: there is none; says why.
            CcdsError: no such study.
        """
        found = next((one for one in self.read(study_key) if one.facts.name == series), None)
        if found is None:
            raise NoThumbnail("the series is not among the study’s files any more")
        if found.picture is None:
            raise NoThumbnail("it has no slices")
        return thumbnail(self._studies.folder(study_key) / Path(found.picture.file), found.picture.frame)

    def kept_rules(self) -> list[KeptRules]:
        """The rules that were kept last, the newest first: those hold."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.kept_rules(connection, _MOST_VERSIONS)

    def would_change(self, text: str, examples: int = 10) -> Changes:
        """What the rules that `text` says would change.

        Raises:
            CcdsError: it says none.
        """
        rules = parse_rules(text)
        outlines = [one for one in self.outlines() if one.choice is not None]
        with self._project.store.reading() as connection:
            said = rows.newest_choices(connection)
        changed: dict[str, tuple[str | None, str | None]] = {}
        for one in outlines:
            after = decide([each.facts for each in one.read], rules, one.exam_codes, said.get(one.study_key)).chosen
            before = one.choice.chosen if one.choice else None
            if before != after:
                changed[one.study_key] = before, after
        first = sum(before is None for before, _ in changed.values())
        none = sum(after is None for _, after in changed.values())
        return Changes(
            read=len(outlines),
            unread=len(self.outlines()) - len(outlines),
            other=len(changed) - first - none,
            first=first,
            none=none,
            examples=tuple(changed)[:examples],
        )

    def quarantined(
        self, *, code: str | None, scanner: str | None, begin: int, most: int
    ) -> tuple[Sequence[Judgement], int]:
        """A page of what is in quarantine, and how much there is in all: see `rows.quarantined`."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.quarantined(connection, code=code, scanner=scanner, begin=begin, most=most)

    def quarantine_counts(self) -> Mapping[tuple[str, str], int]:
        """(reason code, scanner) → how many series are in quarantine."""
        return self._studies.quarantine_counts()


def _outline(study_key: str, known: _Known, rules: SelectionRules) -> Outline:
    read, codes, said = known
    if read is None:
        return Outline(study_key, codes, None, ())
    return Outline(study_key, codes, decide([one.facts for one in read], rules, codes, said), read)
