"""What the cohort app needs of whatever knows the archive and a project's queue; `site_archive.SiteArchive` is all of it.

Every method asks anew whether the person may do it, and raises a CcdsError where not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.asking import Progress
from ccds_kernel.imaging.retrieval.findings import Findings
from ccds_kernel.imaging.retrieval.reach import Reach
from ccds_kernel.imaging.retrieval.request import State, StudyRequest
from ccds_kernel.imaging.retrieval.rows import Missing, Requested
from ccds_kernel.imaging.retrieval.run import Run
from ccds_kernel.imaging.retrieval.single import Singles
from ccds_kernel.imaging.retrieval.timetable import Pace

Kept = tuple[tuple[VersionedCriteria, ...], tuple[CcdsError, ...]]
"""The criteria that a project keeps, what was kept last first; and what is wrong with each file that can't be read."""


@dataclass(frozen=True)
class Approved:
    """What the IRB application covers: exam codes in order, first and last study date, both included."""

    codes: tuple[str, ...]
    first: date
    last: date


class Asks(Protocol):
    """What of criteria is approved, and what an archive has of them."""

    def approved(self) -> Approved:
        """What the application covers now."""

    def check(self, criteria: Criteria) -> None:
        """Makes sure that the application covers `criteria`; a refusal is an audit event."""

    def reach(self) -> Reach:
        """From where the archive is asked."""

    def ask(self, versioned: VersionedCriteria, progress: Progress) -> Findings:
        """What the archive has, asked month by month. Takes long: called in a thread beside the page's."""

    def keep(self, name: str, criteria: Criteria, consecutive: int | None) -> VersionedCriteria:
        """Keeps criteria as the next version of a name."""

    def kept(self) -> Kept:
        """The criteria that the project keeps."""


class Fetches(Protocol):
    """A project's queue of studies, and who empties it."""

    def may_write(self) -> bool:
        """Whether this person may change the queue now: for what the page offers; nothing is logged."""

    def counts(self) -> Counter[State]:
        """How many studies are in which state."""

    def missing(self) -> tuple[Missing, ...]:
        """Why studies failed or were refused, of most of them first: how many, and when one was tried last."""

    def page(
        self, states: Collection[State], begin: int, most: int, cause: str | None = None
    ) -> tuple[int, tuple[StudyRequest, ...]]:
        """How many studies are in one of these states, and `most` of them from place `begin` on."""

    def get(self, study_key: str) -> tuple[StudyRequest, ...]:
        """The studies of that key."""

    def requested(self) -> tuple[Requested, ...]:
        """The criteria by which studies were asked for, those that were asked for last first."""

    def new_among(self, studies: Collection[StudyFound], versioned: VersionedCriteria) -> int:
        """How many of `studies` would be put into the queue by these criteria."""

    def request(self, studies: Collection[StudyFound], versioned: VersionedCriteria) -> int:
        """Puts those of `studies` that are new into the queue; how many."""

    def request_later(self, versioned: VersionedCriteria) -> None:
        """Leaves it to the site to ask the archive."""

    def request_single(self, accession: str) -> Singles:
        """Asks the archive for one study by its accession number, and puts it ahead. Called in a thread beside the page's."""

    def retry(self, keys: Collection[str] | None = None) -> tuple[int, int]:
        """Lets studies wait again that failed; how many do, and how many had all their tries."""

    def hurry(self, keys: Collection[str]) -> int:
        """Puts studies that wait ahead of the others; how many."""

    def run(self) -> Run | None:
        """The latest run of the queue's worker."""

    def stop(self) -> None:
        """Asks the worker to end."""

    def start(self) -> None:
        """Starts a worker, which goes on without the page."""

    def start_failed(self) -> bool:
        """Whether the worker that was started from here ended with an error, and not for another one's sake; told once."""

    def most_attempts(self) -> int:
        """How often a study is tried."""

    def pace(self, now: datetime) -> tuple[Pace, datetime | None]:
        """How much the timetable lets be fetched at `now`, and when that changes; None where it never does."""
