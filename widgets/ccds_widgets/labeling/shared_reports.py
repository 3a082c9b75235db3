"""A project's reports as the screens of one person share them: a million take a gigabyte, and a minute to read."""

from __future__ import annotations

from threading import Lock

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredReport


class SharedReports:
    """Those that the IRB application covers now, read again only where some have come or the application was amended.

    May be asked in several threads.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._repository = LabelingRepository(project)
        self._lock = Lock()
        self._read: tuple[object, tuple[StoredReport, ...]] | None = None

    def version(self) -> object:
        """Another value where other reports are covered. Raises `ProjectAccessDenied` where the person may not read any."""
        return (
            self._repository.newest_report(),
            self._project.application.exam_codes,
            self._project.application.study_dates,
        )

    def all(self) -> tuple[StoredReport, ...]:
        """Every report, as `LabelingRepository.reports`; the same ones as before where there are no others.

        Raises:
            ProjectAccessDenied: the person may not read them (any more).
        """
        with self._lock:
            version = self.version()
            if self._read is None or self._read[0] != version:
                self._read = None
                self._read = version, self._repository.reports()
            return self._read[1]
