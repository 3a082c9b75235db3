"""Who may come to a project's airlock: those whose role submits or reviews, and administrators of the site, for a second review.

An administrator needn't stand on the roster, and has no other right in the project: they see what is submitted, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.events.access import ProjectOpened
from ccds_kernel.audit.site import audit_sink
from ccds_kernel.irb.application import Egress
from ccds_kernel.irb.identity import identity
from ccds_kernel.irb.project import Project, current_person, open_project
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import allowed_actions, calendar_day, denied
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.settings import Settings, load_settings, settings_now

LOOK_AFTER = "look after an airlock"
"""What an administrator does here, as the audit log says it."""


@dataclass(frozen=True)
class Visitor:
    """Somebody at the airlock of an open project. Holds no permission: each question is asked anew.

    Args:
        project: the project, open for them.
        settings: the site's, as they were when the door opened.
        is_administrator: whether they came as an administrator of the site, not by the roster.
    """

    project: Project
    settings: Settings
    is_administrator: bool

    @property
    def person(self) -> str:
        """Who it is."""
        return self.project.person

    def may(self, action: Action) -> bool:
        """Whether the roster allows them `action` now. Logs nothing."""
        registry = self.project.registry
        application = registry.get(self.project.id)
        if application is None:
            return False
        return action in allowed_actions(application, self.person, calendar_day(), registry.training_years)

    def require_any(self) -> None:
        """Makes sure that they may still come.

        Raises:
            CcdsError: they may not; the refusal is an audit event.
        """
        if self.is_administrator:
            require_administrator(LOOK_AFTER, person=self.person, settings=settings_now(self.settings))
        elif not (self.may(Action.SUBMIT_RESULTS) or self.may(Action.REVIEW_RESULTS)):
            self.project.require(Action.REVIEW_RESULTS)

    def require_to_review(self) -> None:
        """Makes sure that they may review.

        Raises:
            CcdsError: they may not; the refusal is an audit event.
        """
        if self.is_administrator:
            self.require_any()
        else:
            self.project.require(Action.REVIEW_RESULTS)

    def require_open(self) -> None:
        """Makes sure that results may leave the project at all.

        Raises:
            CcdsError: its application keeps everything in.
        """
        application = self.project.application
        if application.egress is not Egress.AIRLOCK:
            raise denied(
                "an application with 'egress: airlock'",
                f"'egress: {application.egress}', by which nothing leaves",
                f"the principal investigator, {application.pi}",
            )


def visit(project_id: str, *, person: str | None = None, settings: Settings | None = None) -> Visitor:
    """Opens the airlock of project `project_id`.

    Args:
        project_id: the IRB application's id.
        person: who comes, for a caller that knows it for sure; whoever runs this process, where it isn't given.
        settings: the site's settings; those in force, where they aren't given.

    Raises:
        ProjectAccessDenied: no such project, or this person may neither submit nor review in it.
        CcdsError: the settings or the registry can't be read, or the audit log can't be written.
    """
    settings = settings or load_settings()
    registry = registry_of(settings)
    who = current_person(settings) if person is None else person
    application = registry.get(project_id)
    of_this_session = None if person is not None else identity(settings).project
    if of_this_session not in (None, project_id):
        open_project(project_id, Action.REVIEW_RESULTS, settings=settings)  # refuses, and logs it
    allowed = allowed_actions(application, who, calendar_day(), registry.training_years) if application else frozenset()
    by_roster = not allowed.isdisjoint({Action.SUBMIT_RESULTS, Action.REVIEW_RESULTS})
    if application is not None and not by_roster and who in settings.hub.administrators:
        audit = audit_sink(settings)
        audit.write(ProjectOpened(person=who, project=project_id, action=LOOK_AFTER, role="administrator of the site"))
        project = Project(project_id, who, settings.paths.projects / project_id, registry, audit, settings)
        return Visitor(project, settings, is_administrator=True)
    action = Action.SUBMIT_RESULTS if Action.SUBMIT_RESULTS in allowed else Action.REVIEW_RESULTS
    return Visitor(open_project(project_id, action, person=person, settings=settings), settings, is_administrator=False)
