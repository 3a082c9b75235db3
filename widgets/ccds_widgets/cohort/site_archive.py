"""The archive and the queue of a project on its site: the kernel's functions, for the person who opened it.

A worker is a process of its own, not a thread of the page's kernel: it goes on when the page is reloaded or closed, as long as
the session lives, and whoever looks is told by the queue how it is.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from threading import Thread

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.archive.site import archive_of
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria, all_criteria
from ccds_kernel.imaging.retrieval.asking import Progress, ask_archive, keep_criteria
from ccds_kernel.imaging.retrieval.findings import Findings
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.reach import Reach, reach_of
from ccds_kernel.imaging.retrieval.request import State, StudyRequest
from ccds_kernel.imaging.retrieval.rows import Missing, Requested
from ccds_kernel.imaging.retrieval.run import Life, Run
from ccds_kernel.imaging.retrieval.single import AccessionNumbers, Singles, request_single
from ccds_kernel.imaging.retrieval.timetable import Pace, next_change, pace_at
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_widgets.cohort.ports import Approved, Kept

_ENDING_S = 5
"""How long a process that has nothing to do any more may take to end."""


def approved_in(project: Project) -> Approved:
    """What the application of `project` covers now."""
    application = project.application
    first, last = application.study_dates
    return Approved(tuple(sorted(application.exam_codes)), first, last)


class SiteArchive:
    """`Asks` and `Fetches` of `project`; implements the ports, whose docstrings hold."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._queue = RetrievalQueue(project)
        self._worker: subprocess.Popen[bytes] | None = None
        self._started_at = datetime.now(UTC)

    # --- asking

    def approved(self) -> Approved:
        """What the application covers."""
        self._project.require(Action.WRITE_IMAGES)
        return approved_in(self._project)

    def check(self, criteria: Criteria) -> None:
        """Refuses what isn't covered."""
        self._project.require(Action.WRITE_IMAGES)
        require_covered(self._project, criteria, Action.WRITE_IMAGES)

    def reach(self) -> Reach:
        """As the settings and this person's rights on files have it."""
        return reach_of(self._project.settings)

    def ask(self, versioned: VersionedCriteria, progress: Progress) -> Findings:
        """Asks the archive."""
        return ask_archive(self._project, archive_of(self._project.settings), versioned, progress)

    def keep(self, name: str, criteria: Criteria, consecutive: int | None) -> VersionedCriteria:
        """Keeps criteria."""
        return keep_criteria(self._project, name, criteria, consecutive)

    def kept(self) -> Kept:
        """What is kept."""
        self._project.require(Action.READ_IMAGES)
        return all_criteria(self._project.folder, self._project.id)

    # --- the queue

    def may_write(self) -> bool:
        """Whether this person may change it."""
        return self._project.may(Action.WRITE_IMAGES)

    def counts(self) -> Counter[State]:
        """By state."""
        return self._queue.counts()

    def missing(self) -> tuple[Missing, ...]:
        """By cause."""
        return self._queue.missing()

    def page(
        self, states: Collection[State], begin: int, most: int, cause: str | None = None
    ) -> tuple[int, tuple[StudyRequest, ...]]:
        """Some of it."""
        return self._queue.page(states, begin, most, cause)

    def get(self, study_key: str) -> tuple[StudyRequest, ...]:
        """Of one key."""
        return self._queue.get(study_key)

    def requested(self) -> tuple[Requested, ...]:
        """By criteria."""
        return self._queue.requested()

    def new_among(self, studies: Collection[StudyFound], versioned: VersionedCriteria) -> int:
        """How many would wait."""
        return self._queue.new_among(studies, versioned)

    def request(self, studies: Collection[StudyFound], versioned: VersionedCriteria) -> int:
        """Asks for them."""
        return self._queue.request(studies, versioned)

    def request_later(self, versioned: VersionedCriteria) -> None:
        """Leaves it to the site."""
        self._queue.request_later(versioned)

    def request_single(self, accession: str) -> Singles:
        """One study."""
        wanted = AccessionNumbers.parse([accession])
        return request_single(self._project, archive_of(self._project.settings), wanted)

    def retry(self, keys: Collection[str] | None = None) -> tuple[int, int]:
        """Once more."""
        return self._queue.retry(keys)

    def hurry(self, keys: Collection[str]) -> int:
        """Ahead of the others."""
        return self._queue.hurry(keys)

    def most_attempts(self) -> int:
        """As the settings say."""
        return self._project.settings.archive.attempts

    def pace(self, now: datetime) -> tuple[Pace, datetime | None]:
        """As the timetable says."""
        archive = self._project.settings.archive
        return pace_at(archive, now), next_change(archive, now)

    # --- the worker

    def run(self) -> Run | None:
        """The latest run."""
        return self._queue.run()

    def stop(self) -> None:
        """Ends it."""
        self._queue.stop()

    def start(self) -> None:
        """Starts `ccds imaging retrieve`, unless one that was started from here is at work."""
        self._project.require(Action.WRITE_IMAGES)
        if self._worker is not None and not self._is_over(self._worker):
            return
        self._started_at = datetime.now(UTC)
        command = [sys.executable, "-m", "ccds_kernel.cli", "imaging", "retrieve", "--project", self._project.id]
        self._worker = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what ends it stands in the queue
            start_new_session=True,  # what ends the page's kernel doesn't end it
        )
        Thread(target=self._worker.wait, name="ccds-retrieval-end", daemon=True).start()  # leaves no zombie

    def _is_over(self, worker: subprocess.Popen[bytes]) -> bool:
        """Whether a worker takes nothing any more; one that has said that it ended is waited for, as it takes no study then."""
        if worker.poll() is not None:
            return True
        run = self.run()
        if run is None or run.ended_at is None or run.begun_at < self._started_at:
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(_ENDING_S)
        return worker.poll() is not None

    def start_failed(self) -> bool:
        """Whether the one that was started here ended with an error; told once.

        Where two pages start one at the same time the second ends at once, since the first is at work: all is well then.
        """
        worker = self._worker
        if worker is None or worker.poll() is None:
            return False
        self._worker = None
        return worker.returncode != 0 and not self._somebody_worked()

    def _somebody_worked(self) -> bool:
        """Whether a worker is at work, or has ended since one was started here."""
        run = self.run()
        if run is None or run.life(datetime.now(UTC)) is Life.GONE:
            return False
        return run.ended_at is None or run.ended_at >= self._started_at
