"""The cohort app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

import os
from collections.abc import Callable

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.base import Model
from ccds_widgets.cohort.ask.model import AskModel
from ccds_widgets.cohort.fetch.model import FetchModel
from ccds_widgets.cohort.site_archive import SiteArchive
from ccds_widgets.cohort.view import CohortWidget
from ccds_widgets.screens import ScreensModel


def cohort_app() -> CohortWidget:
    """The app's widget. Opens nothing yet: see `ModelWidget`."""
    return CohortWidget(open_session)


def open_session() -> ScreensModel:
    """The cohorts of the session's project, `CCDS_PROJECT`, for the person that the hub started it for.

    Raises:
        ProjectAccessDenied: they may not read images in it.
        CcdsError: the session has no project, or the project can't be read.
    """
    project_id = os.environ.get("CCDS_PROJECT")
    if not project_id:
        raise CcdsError(
            expected="a session of a project", found="one without", do="open the app from its tile on the start page"
        )
    return cohort_of(open_project(project_id, Action.READ_IMAGES))


def cohort_of(project: Project) -> ScreensModel:
    """The screens of `project` that the person who opened it may use."""
    site = SiteArchive(project)

    def permit(action: Action) -> Callable[[], None]:
        return lambda: project.require(action)

    screens: dict[str, tuple[Action, Callable[[], Model]]] = {
        "ask": (Action.WRITE_IMAGES, lambda: AskModel(site, project=project.id, permit=permit(Action.WRITE_IMAGES))),
        "fetch": (
            Action.READ_IMAGES,
            lambda: FetchModel(site, site, project=project.id, permit=permit(Action.READ_IMAGES)),
        ),
    }
    allowed = {name: opened for name, (action, opened) in screens.items() if project.may(action)}
    return ScreensModel(project=project.id, screens=allowed)
