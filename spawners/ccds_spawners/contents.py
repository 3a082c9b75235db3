"""What lies in a project, counted: how many reports and studies with images, from when to when, which labels.

Counting must never hold up the hub: one thread counts, a project at a time and for a bounded time; everybody else is told what
was counted last. What can't be counted (a database elsewhere, a folder that is closed to the hub) is said to be not counted.
Nothing is read but dates, labels and the number of rows and folders. In a file anybody of the project may have written
anything: what isn't what it should be is left out, and no more is read than a card can show.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from sqlalchemy import func, select, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.database import open_database
from ccds_kernel.labeling.tables import report
from ccds_kernel.labeling.tasks.tables import task
from ccds_kernel.settings import Settings

FRESH_SECONDS = 60.0
EMPTY_SECONDS = 5.0
"""The same for a project without reports, or where they weren't counted: who has just loaded some looks for them."""
LONGEST_SECONDS = 5.0
MOST_STUDIES = 500_000
MOST_LABELS = 20
MOST_TASKS = 100
LONGEST_LABELS = 20_000
_STEPS = 10_000
_LOOK_EVERY = 1000


@dataclass(frozen=True)
class Contents:
    """What lies in a project; None is what wasn't counted.

    Args:
        reports: how many reports.
        imaged: how many studies have images.
        dates: the first and the last day of a study that has a report.
        labels: those of the project's tasks, with or without phrases, at most `MOST_LABELS`.
        counting: whether they are being counted for the first time: they are there the next time that somebody looks.
    """

    reports: int | None = None
    imaged: int | None = None
    dates: tuple[date, date] | None = None
    labels: tuple[str, ...] = ()
    counting: bool = False


NOT_COUNTED = Contents()
BEING_COUNTED = Contents(counting=True)


def contents_of(settings: Settings) -> Callable[[str], Contents]:
    """The function that counts a project of the site, by its id; it never raises for what can't be counted."""

    def counting(project_id: str) -> Contents:
        folder = settings.paths.projects / project_id
        if settings.database.engine == "sqlite":
            return count(folder)
        reports, dates, labels = _on_server(project_id, settings)
        return Contents(reports, _folders(folder / "dicom", lambda: False), dates, labels)

    return counting


def count(folder: Path, *, clock: Callable[[], float] = time.monotonic) -> Contents:
    """Counts what lies in the project directory `folder`, its rows in a file there; never raises for what can't be counted."""
    deadline = clock() + LONGEST_SECONDS
    imaged = _folders(folder / "dicom", lambda: clock() > deadline)
    try:
        if "project.db" not in os.listdir(folder):  # noqa: PTH208 - names, no paths
            return Contents(0, imaged)  # whoever opens the project first makes it
        # Read only, and nothing is made where there is none: the hub is no user of the database.
        with closing(sqlite3.connect(f"{(folder / 'project.db').as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            database.set_progress_handler(lambda: clock() > deadline, _STEPS)
            reports, first, last = database.execute(
                "SELECT count(*), min(study_date), max(study_date) FROM report"
            ).fetchone()
            labels = _once(
                labels
                for (labels,) in database.execute(
                    "SELECT substr(labels, 1, ?) FROM task ORDER BY id LIMIT ?", (LONGEST_LABELS + 1, MOST_TASKS)
                )
            )
            dates = (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None
            return Contents(reports, imaged, dates, labels)
    except (OSError, sqlite3.Error, TypeError, ValueError):
        return Contents(imaged=imaged)


def _on_server(project_id: str, settings: Settings) -> tuple[int | None, tuple[date, date] | None, tuple[str, ...]]:
    try:
        with closing(open_database(project_id, settings)) as store, store.reading() as rows:
            rows.execute(text(f"SET LOCAL statement_timeout = {LONGEST_SECONDS * 1000:.0f}"))
            found = select(func.count(), func.min(report.c.study_date), func.max(report.c.study_date))
            reports, first, last = rows.execute(found.select_from(report)).one()
            labels = _once(
                rows.scalars(
                    select(func.substr(task.c.labels, 1, LONGEST_LABELS + 1)).order_by(task.c.id).limit(MOST_TASKS)
                )
            )
            return reports, (first, last) if first and last else None, labels
    except CcdsError:
        return None, None, ()


def _once(of_tasks: Iterable[object]) -> tuple[str, ...]:
    """The labels of tasks, each once, in the tasks' order; what is no list of labels, or too long for one, is left out."""
    names = dict.fromkeys(name for labels in of_tasks for name in _names(labels))
    return tuple(names)[:MOST_LABELS]


def _names(labels: object) -> Iterator[str]:
    """The names of a task's labels, which are JSON: see `task`."""
    if not isinstance(labels, str) or len(labels) > LONGEST_LABELS:
        return
    try:
        found = json.loads(labels)
    except (ValueError, RecursionError):
        return
    for label in found if isinstance(found, list) else ():
        if isinstance(label, dict) and isinstance(label.get("name"), str):
            yield label["name"]


def _folders(folder: Path, late: Callable[[], bool]) -> int | None:
    """How many folders lie in `folder`; None where it can't be read, holds too many, or it took too long."""
    found = 0
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_STUDIES or (number % _LOOK_EVERY == 0 and late()):
                    return None
                found += entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
    except OSError:
        return None
    return found


class ContentsCounter:
    """Knows the contents of projects as of a minute ago. From any thread; never raises.

    `counting` is called in a thread of its own, one project after another.
    """

    def __init__(self, counting: Callable[[str], Contents], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._counting = counting
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Contents]] = {}
        self._asked: dict[str, Future[None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ccds-contents")

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: traitlets copies for each spawner what a configuration holds, and this one is shared by all."""
        return self

    def known(self, project_id: str) -> Contents:
        """What was counted last, at once; asks for a new count where that is old."""
        self._ask(project_id)
        return self._known.get(project_id, (0.0, BEING_COUNTED))[1]

    def counted(self, project_id: str, seconds: float) -> Contents:
        """The same, but waits so long for a first count. Not for an event loop's thread."""
        if project_id not in self._known and (asked := self._ask(project_id)):
            wait([asked], seconds)
        return self.known(project_id)

    def _ask(self, project_id: str) -> Future[None] | None:
        with self._lock:
            when, there = self._known.get(project_id, (float("-inf"), NOT_COUNTED))
            old = self._clock() - when >= (FRESH_SECONDS if there.reports else EMPTY_SECONDS)
            if project_id not in self._asked and old:
                self._asked[project_id] = self._thread.submit(self._count, project_id)
            return self._asked.get(project_id)

    def _count(self, project_id: str) -> None:
        found = NOT_COUNTED
        try:
            found = self._counting(project_id)
        finally:  # else nobody would ask again
            with self._lock:
                self._known[project_id] = (self._clock(), found)
                self._asked.pop(project_id, None)
