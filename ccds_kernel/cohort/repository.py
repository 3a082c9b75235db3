"""A project's cohorts, for one person: what the cohort stage keeps in the project's database.

As the labeling stage's repository: every method asks the project again whether the person may do it, every change is one
transaction with its audit event before the commit. Beyond that each asks whether the IRB application still covers the criteria.
Who may load reports may keep cohorts; who may read reports may count them.
"""

from __future__ import annotations

from ccds_kernel.audit.events.cohort import CohortKept, CohortSnapshotTaken
from ccds_kernel.cohort import rows
from ccds_kernel.cohort.cohort import Cohort, CohortSnapshot, check_name
from ccds_kernel.cohort.counts import CohortCounts
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action


class CohortRepository:
    """The cohorts of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more), or the application doesn't cover the
    criteria (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def count(self, criteria: Criteria) -> CohortCounts:
        """How many reports of the project meet `criteria`, by month and exam code."""
        self._project.require(Action.READ_REPORTS)
        require_covered(self._project, criteria)
        with self._project.store.reading() as connection:
            return rows.counts(connection, criteria)

    def cohorts(self) -> tuple[Cohort, ...]:
        """Every cohort that is kept, by name."""
        self._project.require(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            return rows.cohorts(connection)

    def get(self, name: str) -> Cohort:
        """The cohort called `name`.

        Raises:
            CcdsError: there is none.
        """
        self._project.require(Action.READ_REPORTS)
        with self._project.store.reading() as connection:
            found = rows.cohort_by_name(connection, name)
        if found is None:
            raise self._unknown(name)
        return found

    def keep(self, name: str, criteria: Criteria) -> Cohort:
        """Keeps `criteria` as the cohort `name`; the same once more changes nothing.

        Raises:
            CcdsError: a cohort can't be called so, or another one is.
        """
        self._project.require(Action.LOAD_REPORTS)
        check_name(name)
        require_covered(self._project, criteria)
        with self._project.store.writing() as connection:
            known = rows.cohort_by_name(connection, name)
            if known is None:
                kept = rows.add_cohort(connection, name, criteria, self._project.person)
                self._project.audit.write(
                    CohortKept(person=self._project.person, project=self._project.id, cohort_id=kept.id)
                )
                return kept
        if known.criteria != criteria:
            raise CcdsError(
                expected=f"a name that no cohort has, or the criteria of {name} ({known.criteria})",
                found=f"{name} for {criteria}",
                do="give it another name: a cohort stays what it is",
            )
        return known

    def take_snapshot(self, name: str) -> tuple[CohortSnapshot, bool]:
        """A snapshot of cohort `name` as it is now, and whether it is a new one: the same members give the same one.

        Raises:
            CcdsError: there is no such cohort, or no report is in it.
        """
        self._project.require(Action.LOAD_REPORTS)
        with self._project.store.writing() as connection:
            found = rows.cohort_by_name(connection, name)
            if found is None:
                raise self._unknown(name)
            require_covered(self._project, found.criteria)
            keys = rows.study_keys(connection, found.criteria)
            if not keys:
                raise CcdsError(
                    expected=f"reports in cohort {name}", found="none", do="load some first ('ccds labeling load')"
                )
            digest = found.digest(keys)
            for before in rows.snapshots(connection, found):
                if before.digest == digest:
                    return before, False
            taken = rows.add_snapshot(connection, found, digest, len(keys), self._project.person)
            self._project.audit.write(
                CohortSnapshotTaken(
                    person=self._project.person,
                    project=self._project.id,
                    cohort_id=found.id,
                    digest=digest,
                    members=len(keys),
                )
            )
            return taken, True

    def snapshots(self, name: str) -> tuple[CohortSnapshot, ...]:
        """Every snapshot of cohort `name`, the oldest first.

        Raises:
            CcdsError: there is no such cohort.
        """
        found = self.get(name)
        with self._project.store.reading() as connection:
            return tuple(rows.snapshots(connection, found))

    def snapshot(self, name: str, snapshot: str) -> CohortSnapshot:
        """The snapshot of cohort `name` that people call `snapshot`.

        Raises:
            CcdsError: there is none.
        """
        for taken in self.snapshots(name):
            if taken.name == snapshot:
                return taken
        raise CcdsError(
            expected=f"a snapshot of cohort {name}",
            found="none of that name",
            do=f"see 'ccds cohort show {name} --project {self._project.id}'",
        )

    def study_keys(self, name: str) -> frozenset[str]:
        """The studies whose reports are in cohort `name` now.

        Raises:
            CcdsError: there is no such cohort.
        """
        found = self.get(name)
        require_covered(self._project, found.criteria)
        with self._project.store.reading() as connection:
            return frozenset(rows.study_keys(connection, found.criteria))

    def _unknown(self, name: str) -> CcdsError:
        return CcdsError(
            expected=f"a cohort of {self._project.id}",
            found=f"none called {name[:60]!r}",
            do=f"see 'ccds cohort list --project {self._project.id}'",
        )
