"""A project's reports as the screens of one person share them: a million take a gigabyte, and a minute to read."""

from __future__ import annotations

from threading import Lock

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.wording import counted
from ccds_widgets.opening import Opening, Tell

Version = tuple[int, Reach]
"""The number of the newest report, and which of them a task reads."""


class SharedReports:
    """Those that a task reads now, read once for all tasks that read the same, and again only where some have come, the IRB
    application was amended, or the task is kept to another cohort. Where a task reads all, the members of a cohort are among them
    and aren't read again. What no task had when it was asked for last isn't kept.

    May be asked in several threads.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = Lock()
        self._told: list[Tell] = []
        self._asked: dict[int, Version] = {}
        self._read: dict[Version, tuple[StoredReport, ...]] = {}

    def version(self, task_id: int) -> Version:
        """Another value where the task reads other reports. Raises as `LabelingRepository.reach`."""
        repository = LabelingRepository(self._project, task_id)
        return repository.newest_report(), repository.reach()

    def of(self, task_id: int, tell: Tell = lambda _: None) -> tuple[StoredReport, ...]:
        """As `LabelingRepository.task_reports`; the same ones as before where there are no others.

        Args:
            task_id: the task.
            tell: is told how far the reading is, whoever began it.

        Raises:
            ProjectAccessDenied: the person may not read them (any more).
            CcdsError: the cohort that the task is kept to is gone.
        """
        self._told.append(tell)
        try:
            with self._lock:
                return self._of(task_id)
        finally:
            self._told.remove(tell)

    def _of(self, task_id: int) -> tuple[StoredReport, ...]:
        newest, reach = version = self.version(task_id)
        self._asked[task_id] = version
        wanted = {one for one in self._asked.values() if (one[0], one[1].whole) == (newest, reach.whole)}
        every = self._read.get((newest, reach.whole))
        self._read = {one: reports for one, reports in self._read.items() if one in wanted}  # before others are read
        if version not in self._read:
            repository = LabelingRepository(self._project, task_id)
            if every is None:
                self._read[version] = repository.task_reports(progress=self._note)
            else:
                members = repository.task_report_ids()
                self._read[version] = tuple(stored for stored in every if stored.id in members)
        return self._read[version]

    def _note(self, read: int, total: int) -> None:
        for tell in tuple(self._told):
            tell(Opening(f"Reading {counted(total, 'report')}", read / total))
