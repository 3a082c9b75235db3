"""A project's queue of studies, for one person: asking for studies, putting some first, retrying, looking.

As other repositories: every method asks the project again whether the person may do it, every change is one transaction with
its audit event before the commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.audit.events.imaging import StudiesRequested, StudiesRetried
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.approval import fetching_allowed
from ccds_kernel.imaging.retrieval.findings import query_of
from ccds_kernel.imaging.retrieval.request import State, StudyRequest
from ccds_kernel.imaging.retrieval.rows import Missing, Requested
from ccds_kernel.imaging.retrieval.run import Run
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key_secret


class RetrievalQueue:
    """The queue of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def request(self, studies: Collection[StudyFound], versioned: VersionedCriteria) -> int:
        """Asks for studies that meet criteria; see `rows.answer` for what becomes of those that were asked for before.

        Returns:
            How many studies wait by this: new ones, and others that would not have been fetched.

        Raises:
            ProjectAccessDenied: the application doesn't cover the criteria.
        """
        self._project.require(Action.WRITE_IMAGES)
        require_covered(self._project, versioned.criteria, Action.WRITE_IMAGES)
        secret = study_key_secret(self._project.store)
        with self._project.store.writing() as connection:
            rows.ask(connection, versioned, self._project.person)
            may_fetch = fetching_allowed(self._project)
            added = rows.answer(connection, versioned.digest, studies, secret, may_fetch)
            self._project.audit.write(
                StudiesRequested(
                    person=self._project.person, project=self._project.id, digest=versioned.digest, studies=added
                )
            )
        return added

    def request_later(self, versioned: VersionedCriteria) -> None:
        """Asks for the studies that meet criteria, where the archive can't be asked from here: the service account does.

        Raises:
            ProjectAccessDenied: the application doesn't cover the criteria.
        """
        self._project.require(Action.WRITE_IMAGES)
        require_covered(self._project, versioned.criteria, Action.WRITE_IMAGES)
        with self._project.store.writing() as connection:
            if rows.ask(connection, versioned, self._project.person):
                self._project.audit.write(
                    StudiesRequested(
                        person=self._project.person, project=self._project.id, digest=versioned.digest, studies=0
                    )
                )

    def hurry(self, keys: Collection[str]) -> int:
        """Puts studies that wait ahead of the others; returns how many.

        Raises:
            CcdsError: one of the keys is none of the queue.
        """
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.writing() as connection:
            self._require_known(rows.requests(connection, keys=keys), keys)
            return rows.hurry(connection, keys)

    def retry(self, keys: Collection[str] | None = None) -> tuple[int, int]:
        """Lets studies wait again that failed: those with these keys, or all.

        Returns:
            How many wait, and how many stay failed because they were tried as often as the site allows.

        Raises:
            CcdsError: one of the keys is none of the queue.
        """
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.writing() as connection:
            if keys is not None:
                self._require_known(rows.requests(connection, keys=keys), keys)
            again, spent = rows.retry(connection, self._project.settings.archive.attempts, keys)
            self._project.audit.write(
                StudiesRetried(person=self._project.person, project=self._project.id, studies=again)
            )
        return again, spent

    def fetch_again(self, keys: Collection[str]) -> int:
        """Lets studies wait again that arrived; returns how many. Their files must be out of the way."""
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.writing() as connection:
            again = rows.fetch_again(connection, keys)
            self._project.audit.write(
                StudiesRetried(person=self._project.person, project=self._project.id, studies=again)
            )
        return again

    def counts(self) -> Counter[State]:
        """How many studies are in which state."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.counts(connection)

    def missing(self) -> tuple[Missing, ...]:
        """Why studies aren't there, of most of them first: how many, and when one was tried last."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.missing(connection)

    def causes(self) -> Counter[str]:
        """Why studies aren't there, and how many."""
        return Counter({one.cause: one.studies for one in self.missing()})

    def held_back(self) -> Counter[str]:
        """Why studies that wait are passed over, and how many: nobody who may fetch them now has asked for them."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.held_back(connection)

    def requests(self, state: State | None = None) -> tuple[StudyRequest, ...]:
        """The studies, in the order in which they were asked for: all, or those in one state."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return tuple(rows.requests(connection, state))

    def page(
        self, states: Collection[State], begin: int, most: int, cause: str | None = None
    ) -> tuple[int, tuple[StudyRequest, ...]]:
        """How many studies are in one of these states, and `most` of them from place `begin` on; see `rows.page`."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.page(connection, states, begin, most, cause)

    def get(self, study_key: str) -> tuple[StudyRequest, ...]:
        """The studies of that key: none, one, or several under one accession number."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return tuple(rows.requests(connection, keys=[study_key]))

    def requested(self) -> tuple[Requested, ...]:
        """The criteria by which studies were asked for, those that were asked for last first."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.requested(connection)

    def new_among(self, studies: Collection[StudyFound], versioned: VersionedCriteria) -> int:
        """How many of `studies` would be put into the queue, were they asked for; see `request`."""
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.reading() as connection:
            uids = {one.study_uid for one in studies}
            new = uids - rows.known_uids(connection, uids)
            query, may_fetch = query_of(versioned.criteria), fetching_allowed(self._project)
            return len(new) + len(rows.taken_over(connection, versioned.digest, query, uids, may_fetch))

    def run(self) -> Run | None:
        """The latest run of the queue's worker; None before the first."""
        self._project.require(Action.READ_IMAGES)
        with self._project.store.reading() as connection:
            return rows.latest_run(connection)

    def stop(self) -> None:
        """Asks the worker to end: what it is at waits again, and so does all that waits."""
        self._project.require(Action.WRITE_IMAGES)
        with self._project.store.writing() as connection:
            rows.stop_run(connection)

    def _require_known(self, found: Iterable[StudyRequest], keys: Collection[str]) -> None:
        unknown = set(keys) - {one.study_key for one in found}
        if unknown:
            raise CcdsError(
                expected=f"study keys of {self._project.id}'s queue",
                found=f"{len(unknown)} other(s)",
                do=f"see 'ccds imaging status --project {self._project.id} --studies'",
            )
