"""Taking label snapshots of a project, and reading them: files in its folder, rows in its database, audit events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from ccds_kernel.audit.events.confirmation import LabelsExported, LabelSnapshotTaken
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation import answer_rows, curation_rows, snapshot_file, tables
from ccds_kernel.labeling.confirmation.curation_rows import CurationKind
from ccds_kernel.labeling.confirmation.permissions import CURATE, READ_LABELS
from ccds_kernel.labeling.confirmation.snapshot import LabelSnapshot, snapshot_of
from ccds_kernel.labeling.confirmation.soft import soft_labels
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.csv_files import check_out
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.reaching import reach_for

FOLDER = "snapshots"


@dataclass(frozen=True)
class Taken:
    """A label snapshot that is there: its name, task, digest, how many studies, who took it, and when (UTC)."""

    id: str
    task_id: int
    digest: str
    studies: int
    created_by: str
    created_at: datetime


class LabelSnapshots:
    """The label snapshots of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._project.folder / FOLDER

    def taken(self) -> tuple[Taken, ...]:
        """Every snapshot, the oldest first."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            return _taken(connection)

    def listed(self) -> tuple[tuple[Taken, str], ...]:
        """Every snapshot, the oldest first, each with what its task is called now."""
        self._project.require(READ_LABELS)
        with self._project.store.reading() as connection:
            names = {stored.id: stored.task.name for stored in task_rows.tasks(connection)}
            return tuple((one, names[one.task_id]) for one in _taken(connection))

    def now(self, task_id: int, cohort: Criteria | None = None) -> LabelSnapshot:
        """What a snapshot of a task would say that is taken now; nothing is kept. On many reports this takes as long as matching
        them does.

        Args:
            task_id: the task.
            cohort: the studies that it is to have, of those that the task reads; all of these, where it isn't given.

        Raises:
            ProjectAccessDenied: also where the IRB application doesn't cover the cohort, or that of the task (any more).
            CcdsError: there is no such task, or the cohort that it is kept to is gone.
        """
        self._project.require(READ_LABELS)
        self._project.require(Action.READ_REPORTS)
        if cohort is not None:
            require_covered(self._project, cohort)
        with self._project.store.reading() as connection:
            return _snapshot(connection, self._project, task_id, cohort)

    def take(
        self, task_id: int, cohort: Criteria | None = None, *, tell: Callable[[Path], None] = lambda _: None
    ) -> tuple[Taken, Mapping[Source, int]]:
        """Takes a snapshot of a task's labels as they are now; where nothing has changed since, it is the one that is there. If
        its file was changed, that is set aside and the right one written again.

        Args:
            task_id: the task.
            cohort: as of `now`.
            tell: is told where a file that was changed lies now.

        Returns:
            It, and how many of its rows come from where.

        Raises:
            CcdsError: as `now`, or the folder can't be written.
        """
        self._project.require(CURATE)
        snapshot = self.now(task_id, cohort)
        if (aside := snapshot_file.keep(self.folder, snapshot)) is not None:
            tell(aside)
        with self._project.store.writing() as connection:
            known = [one for one in _taken(connection) if one.digest == snapshot.digest]
            if known:
                return known[0], snapshot.by_source
            new = Taken(
                snapshot.id, task_id, snapshot.digest, snapshot.studies, self._project.person, datetime.now(UTC)
            )
            connection.execute(
                insert(tables.snapshot).values(
                    id=new.id,
                    task_id=new.task_id,
                    digest=new.digest,
                    studies=new.studies,
                    created_by=new.created_by,
                    created_at=new.created_at,
                )
            )
            self._project.audit.write(
                LabelSnapshotTaken(
                    person=self._project.person,
                    project=self._project.id,
                    task_id=task_id,
                    digest=new.digest,
                    studies=new.studies,
                )
            )
        return new, snapshot.by_source

    def read(self, snapshot_id: str) -> LabelSnapshot:
        """The snapshot of that name, as it was taken.

        Raises:
            CcdsError: there is none, or its file was changed.
        """
        self._project.require(READ_LABELS)
        path = snapshot_file.path_of(self.folder, snapshot_id)
        with self._project.store.reading() as connection:
            digests = {one.id: one.digest for one in _taken(connection)}
        if snapshot_id not in digests:
            raise CcdsError(
                expected="a label snapshot of this project",
                found="none of that name",
                do="name one that 'ccds labeling snapshots' lists"
                if digests
                else "take one with 'ccds labeling snapshot'",
            )
        snapshot = snapshot_file.read(self.folder, snapshot_id)
        if snapshot.digest != digests[snapshot_id]:
            raise snapshot_file.ChangedFileError(path)
        return snapshot

    def export(self, snapshot_id: str, out: Path, *, parquet: bool) -> LabelSnapshot:
        """Writes a copy of a snapshot into a file of its own; that is an audit event.

        Raises:
            CcdsError: as `read`, or `out` can't be written.
        """
        snapshot = self.read(snapshot_id)
        check_out(out, [snapshot_file.path_of(self.folder, snapshot_id)])
        self._project.audit.write(
            LabelsExported(
                person=self._project.person,
                project=self._project.id,
                digest=snapshot.digest,
                studies=snapshot.studies,
            )
        )
        snapshot_file.export(out, snapshot, parquet=parquet)
        return snapshot


def _snapshot(connection: Connection, project: Project, task_id: int, cohort: Criteria | None) -> LabelSnapshot:
    task = task_rows.task(connection, task_id)
    reports = tuple(rows.reports(connection, reach_for(connection, project, task), cohort))
    return snapshot_of(
        task_id,
        task,
        soft_labels(task, reports, rows.phrases(connection, task_id)),
        final=curation_rows.standing(connection, task_id, CurationKind.FINAL),
        gold=curation_rows.standing(connection, task_id, CurationKind.GOLD),
        answers=answer_rows.counting(answer_rows.every(connection, task_id=task_id)),
    )


def _taken(connection: Connection) -> tuple[Taken, ...]:
    query = select(tables.snapshot).order_by(tables.snapshot.c.created_at, tables.snapshot.c.id)
    return tuple(
        Taken(
            row.id,
            row.task_id,
            row.digest,
            row.studies,
            row.created_by,
            row.created_at.replace(tzinfo=UTC),  # SQLite keeps no time zone; what is written is UTC
        )
        for row in connection.execute(query)
    )
