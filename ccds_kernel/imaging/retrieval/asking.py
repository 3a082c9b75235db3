"""Asking the archive for a project's studies: within what the IRB application approves, refused beyond, written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ccds_kernel.archive.archive import Archive, StudyFound
from ccds_kernel.audit.events import StudiesFound
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.imaging.retrieval.findings import Findings, findings, query_of
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action


def ask_archive(
    project: Project, archive: Archive, versioned: VersionedCriteria, seen: Callable[[], object] = lambda: None
) -> Findings:
    """What `archive` has for these criteria; nothing is copied. `seen` is called for every study that it answers with.

    Raises:
        ProjectAccessDenied: this person may not, or the application doesn't cover the criteria.
        ArchiveAway: the archive is.
        CcdsError: as `findings`.
    """
    project.require(Action.WRITE_IMAGES)
    require_covered(project, versioned.criteria, Action.WRITE_IMAGES)
    query = query_of(versioned.criteria)

    def counted() -> Iterator[StudyFound]:
        for study in archive.find(query):
            seen()
            yield study

    found = findings(query, counted(), versioned.consecutive)
    project.audit.write(
        StudiesFound(person=project.person, project=project.id, digest=versioned.digest, studies=len(found.meeting))
    )
    return found
