"""Asking the archive for a project's studies: within what the IRB application approves, refused beyond, written down.

It is asked month by month, so that somebody who waits sees how far it is and can stop it. A study that comes with another
month's answer is that month's: an archive that ignores dates answers with everything each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from ccds_kernel.archive.archive import Archive, ArchiveAway, ArchiveQuery, StudyFound
from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.events.imaging import CriteriaKept, StudiesFound
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria, named_criteria, save_criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.approval import against_fetching, fetching_allowed
from ccds_kernel.imaging.retrieval.findings import Findings, findings, query_of
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key_secret


class AskingStopped(CcdsError):  # noqa: N818 - named for what a person did
    """Somebody stopped it; nothing came of it."""


@dataclass(frozen=True)
class Asked:
    """How far asking is.

    Attributes:
        month: the first day of the part of the query that is asked now.
        months: into how many parts the query is cut.
        done: how many of these were answered.
        studies: how many studies the archive answered with, those that weren't asked for among them.
    """

    month: date
    months: int
    done: int
    studies: int


Progress = Callable[[Asked], object]
"""Called when a month begins and for each study. It may raise `AskingStopped`."""


def ask_archive(
    project: Project,
    archive: Archive,
    versioned: VersionedCriteria,
    progress: Progress = lambda _asked: None,
    *,
    scanners: bool = True,
) -> Findings:
    """What `archive` has for these criteria, and of which scanners, where somebody wants to know; nothing is copied.

    Raises:
        ProjectAccessDenied: this person may not, or the application doesn't cover the criteria.
        ArchiveAway: the archive is.
        AskingStopped: `progress` said so.
        CcdsError: as `findings`.
    """
    project.require(Action.WRITE_IMAGES)
    require_covered(project, versioned.criteria, Action.WRITE_IMAGES)
    return _asked(project, archive, versioned, progress, scanners=scanners)


def keep_criteria(project: Project, name: str, criteria: Criteria, consecutive: int | None = None) -> VersionedCriteria:
    """Keeps criteria in the project, as the next version of `name`; those that its newest version has already are that one.

    Raises:
        ProjectAccessDenied: this person may not, or the application doesn't cover them.
        CcdsError: as `save_criteria`.
    """
    project.require(Action.WRITE_IMAGES)
    require_covered(project, criteria, Action.WRITE_IMAGES)
    kept = save_criteria(project.folder, project.id, name, criteria, consecutive, person=project.person)
    project.audit.write(CriteriaKept(person=project.person, project=project.id, digest=kept.digest))
    return kept


def answer_requests(
    project: Project, archive: Archive, failed: Callable[[CcdsError], object] = lambda _error: None
) -> int:
    """Asks `archive` about all criteria of the project that people left for the site to ask; returns how many studies wait by it.

    Each is asked for whoever left it, and not asked where they may no more. What it can't be asked by, since a file was changed
    or for what `findings` raises, is told to `failed` and kept with the criteria; the others are asked all the same.

    Raises:
        ArchiveAway: the archive is; what wasn't asked yet is kept.
    """
    with project.store.reading() as connection:
        left = rows.unanswered(connection)
    added = 0
    for one in left:
        try:
            added += _answered(project, archive, one)
        except ArchiveAway:
            raise
        except CcdsError as error:
            with project.store.writing() as connection:
                rows.give_up(connection, one.digest, str(error))
            failed(error)
    return added


def _answered(project: Project, archive: Archive, one: rows.Unanswered) -> int:
    versioned = named_criteria(project.folder, project.id, f"{one.name}-v{one.version}")
    if versioned.digest != one.digest:
        raise CcdsError(
            expected=f"the criteria {one.name}-v{one.version} as they were asked for",
            found="others of that name",
            do="restore the file from the backup, then ask again",
        )
    against = against_fetching(project, one.asked_by, versioned.criteria)
    if against is None:
        found = _asked(project, archive, versioned, lambda _asked: None, scanners=False).meeting
    else:
        found = ()
        project.audit.write(
            AccessDenied(
                person=project.person,
                project=project.id,
                action=Action.WRITE_IMAGES,
                reason=f"asked for by {one.asked_by}: found {against.found}",
            )
        )
    secret = study_key_secret(project.store)
    with project.store.writing() as connection:
        return rows.answer(connection, one.digest, found, secret, fetching_allowed(project))


def _asked(
    project: Project,
    archive: Archive,
    versioned: VersionedCriteria,
    progress: Progress,
    *,
    scanners: bool,
) -> Findings:
    query = query_of(versioned.criteria)
    found = findings(query, _by_month(archive, query, progress, scanners=scanners), versioned.consecutive)
    project.audit.write(
        StudiesFound(person=project.person, project=project.id, digest=versioned.digest, studies=len(found.meeting))
    )
    return found


def _by_month(archive: Archive, query: ArchiveQuery, progress: Progress, *, scanners: bool) -> Iterator[StudyFound]:
    """Each study once, with the month that its date is in; what has no such month with the first that answers with it."""
    months = tuple(query.months)
    told: set[str] = set()
    early: dict[str, StudyFound] = {}
    for done, (first, last) in enumerate(months):
        progress(Asked(first, len(months), done, len(told)))
        for study in archive.find(ArchiveQuery(query.exam_codes, first, last), scanners=scanners):
            if study.study_uid in told:
                continue
            if study.date is not None and query.first <= study.date <= query.last and not first <= study.date <= last:
                early[study.study_uid] = study
                continue
            told.add(study.study_uid)
            progress(Asked(first, len(months), done, len(told)))
            yield study
    for uid, study in early.items():
        if uid not in told:
            yield study
