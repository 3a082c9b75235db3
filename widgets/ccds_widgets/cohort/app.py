"""The cohort app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

from collections.abc import Callable

from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.irb.project import Project, current_person, open_project
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import allowed_actions, calendar_day
from ccds_kernel.settings import Settings, load_settings
from ccds_widgets.base import Model
from ccds_widgets.cohort.ask.model import AskModel
from ccds_widgets.cohort.fetch.model import FetchModel
from ccds_widgets.cohort.reports.model import ReportsModel
from ccds_widgets.cohort.site_archive import SiteArchive, approved_in
from ccds_widgets.cohort.view import CohortWidget
from ccds_widgets.screens import ScreensModel
from ccds_widgets.session import session_project


def cohort_app() -> CohortWidget:
    """The app's widget. Opens nothing yet: see `ModelWidget`."""
    return CohortWidget(open_session)


def open_session() -> ScreensModel:
    """The cohorts of the session's project, `CCDS_PROJECT`, for the person that the hub started it for.

    Raises:
        ProjectAccessDenied: they may read neither images nor reports in it.
        CcdsError: the session has no project, or the project can't be read.
    """
    project_id = session_project()
    settings = load_settings()
    return cohort_of(open_project(project_id, _door(project_id, settings), settings=settings))


def _door(project_id: str, settings: Settings) -> Action:
    """What this person asks for at the project's door: reports, where that is all that they may read."""
    registry = registry_of(settings)
    application = registry.get(project_id)
    if application is None:
        return Action.READ_IMAGES
    person = current_person(settings)
    allowed = allowed_actions(application, person, calendar_day(), registry.training_years)
    only_reports = Action.READ_REPORTS in allowed and Action.READ_IMAGES not in allowed
    return Action.READ_REPORTS if only_reports else Action.READ_IMAGES


def cohort_of(project: Project) -> ScreensModel:
    """The screens of `project` that the person who opened it may use."""
    site = SiteArchive(project)
    screens: dict[str, tuple[Action, Callable[[Callable[[], None]], Model]]] = {
        "ask": (Action.WRITE_IMAGES, lambda permit: AskModel(site, project=project.id, permit=permit)),
        "fetch": (Action.READ_IMAGES, lambda permit: FetchModel(site, site, project=project.id, permit=permit)),
        "reports": (Action.READ_REPORTS, lambda permit: _reports(project, permit)),
    }

    def opened(name: str) -> Callable[[], Model]:
        action, make = screens[name]
        return lambda: make(lambda: project.require(action))

    return ScreensModel(
        project=project.id,
        screens={name: opened(name) for name, (action, _) in screens.items() if project.may(action)},
    )


def _reports(project: Project, permit: Callable[[], None]) -> ReportsModel:
    return ReportsModel(
        CohortRepository(project),
        approved=lambda: approved_in(project),
        may_keep=lambda: project.may(Action.LOAD_REPORTS),
        permit=permit,
    )
