"""The imaging app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

from collections.abc import Callable

from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import VolumeRuns
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.base import Model
from ccds_widgets.beside import Errand
from ccds_widgets.imaging.quarantine.model import QuarantineModel
from ccds_widgets.imaging.selection.model import SelectionModel
from ccds_widgets.imaging.view import ImagingWidget
from ccds_widgets.imaging.viewer.app import look_screen
from ccds_widgets.opening import Opening, Openings, Tell
from ccds_widgets.screens import OpenScreen, ScreensModel
from ccds_widgets.session import session_project


def imaging_app() -> ImagingWidget:
    """The app's widget. Opens nothing yet: see `ModelWidget`."""
    return ImagingWidget(open_session)


def open_session() -> ScreensModel:
    """The images of the session's project, `CCDS_PROJECT`, for the person that the hub started it for.

    Raises:
        ProjectAccessDenied: they may not read its images.
        CcdsError: the session has no project, or the project can't be read.
    """
    return imaging_of(open_project(session_project(), Action.READ_IMAGES))


def imaging_of(project: Project) -> ScreensModel:
    """The screens of `project` for the person who opened it."""
    overview, studies = StudiesOverview(project), ImageStudies(project)
    gone_through = Openings[None, StudiesOverview](
        lambda _, tell: _go_through(overview, tell), "Going through the studies"
    )

    def opened(screen: Callable[[], Model]) -> OpenScreen:
        """`screen`, when every study was gone through beside the requests, once for both screens that need them all."""

        def open_it() -> Model | Opening:
            now = gone_through.of(None)
            return now if isinstance(now, Opening) else screen()

        return open_it

    def may_write() -> bool:
        return project.may(Action.WRITE_IMAGES)

    def selection() -> SelectionModel:
        return SelectionModel(overview, studies, may_write=may_write, errands=Errand("ccds-headers"))

    def quarantine() -> QuarantineModel:
        return QuarantineModel(
            overview, studies, VolumeRuns(project, overview), person=project.person, may_write=may_write, errand=Errand
        )

    return ScreensModel(
        project=project.id,
        screens={"series": opened(selection), "quarantine": opened(quarantine), "look": lambda: look_screen(project)},
    )


def _go_through(overview: StudiesOverview, tell: Tell) -> StudiesOverview:
    def told(share: float) -> None:
        tell(Opening("Going through the studies", share))

    told(0.0)
    overview.outlines(told)
    return overview
