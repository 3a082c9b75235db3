"""Who empties queues: whoever asked for studies, where they may write the staging folder; else the site, for all its projects.

People reach neither the staging folder nor the archive's password where they are Unix users: there the service account fetches,
for those who asked and only as long as each of them may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ccds_kernel.archive.site import archive_of, staging_of
from ccds_kernel.audit.site import audit_log
from ccds_kernel.imaging.retrieval.request import Outcome, StudyRequest
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_kernel.imaging.retrieval.worker import Worker
from ccds_kernel.irb.application import IN_FORCE
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import DataKind
from ccds_kernel.irb.rules import calendar_day
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.settings import Settings


def worker_of(
    project: Project,
    *,
    settled: Callable[[StudyRequest, Outcome], object] = lambda _request, _outcome: None,
    received: Callable[[int], object] = lambda _size: None,
) -> Worker:
    """The worker for `project`, with the archive and the staging that its site's settings name; see `Worker`.

    Raises:
        CcdsError: as `archive_of`.
    """
    settings = project.settings
    staging = Staging(staging_of(settings), project.folder, settings.archive.keep_free_mb * 2**20)
    return Worker(project, archive_of(settings), staging, settled=settled, received=received)


def projects_with_images(person: str, settings: Settings) -> Iterator[Project]:
    """Every project in force whose application covers images, for an administrator of the site.

    Raises:
        SiteAccessDenied: `person` is none.
        CcdsError: the registry can't be read.
    """
    require_administrator("fetch studies for all projects", person=person, settings=settings)
    return _projects(person, settings)


def _projects(person: str, settings: Settings) -> Iterator[Project]:
    registry, audit = registry_of(settings), audit_log(settings)
    for application in registry.applications():
        if application.standing(calendar_day()) == IN_FORCE and DataKind.IMAGES in application.data:
            folder = settings.paths.projects / application.id
            yield Project(application.id, person, folder, registry, audit, settings)
