"""Whether a study may be fetched for whoever asked for it, by the application as it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ccds_kernel.archive.archive import ArchiveQuery
from ccds_kernel.cohort.criteria import Criteria, beyond
from ccds_kernel.imaging.retrieval.request import NOT_APPROVED, StudyRequest
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import calendar_day, why_not


@dataclass(frozen=True)
class Against:
    """What stands against fetching: for a log what was found, for people what was expected as well."""

    expected: str
    found: str

    @property
    def cause(self) -> str:
        """The cause of a study that isn't fetched."""
        return f"{NOT_APPROVED}expected {self.expected}; found {self.found}"


def against_fetching(project: Project, person: str, criteria: Criteria) -> Against | None:
    """What stands against fetching studies of `criteria` for `person`; None: nothing."""
    application = project.application
    refusal = why_not(application, person, Action.WRITE_IMAGES, calendar_day(), project.registry.training_years)
    if refusal is not None:
        return Against(refusal.expected, refusal.found)
    outside = beyond(criteria, application)
    return None if outside is None else Against(f"criteria that {application.id} covers", outside.counted)


def against(project: Project, request: StudyRequest) -> Against | None:
    """What stands against fetching a study of the queue; None: nothing."""
    query = request.query
    return against_fetching(project, request.asked_by, Criteria(query.exam_codes, query.first, query.last))


def fetching_allowed(project: Project) -> Callable[[StudyRequest], bool]:
    """Says of studies of the queue whether they may be fetched; each person and query is looked at once."""
    known: dict[tuple[str, ArchiveQuery], bool] = {}

    def allowed(request: StudyRequest) -> bool:
        which = request.asked_by, request.query
        if which not in known:
            known[which] = against(project, request) is None
        return known[which]

    return allowed
