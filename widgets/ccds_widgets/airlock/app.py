"""The airlock's app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_widgets.airlock.model import AirlockModel
from ccds_widgets.airlock.view import AirlockWidget
from ccds_widgets.session import session_project


def airlock_app() -> AirlockWidget:
    """The app's widget. Opens nothing yet: see `ModelWidget`."""
    return AirlockWidget(open_session)


def open_session() -> AirlockModel:
    """The airlock of the session's project, `CCDS_PROJECT`, for the person that the hub started it for.

    Raises:
        ProjectAccessDenied: they may neither submit nor review in it.
        CcdsError: the session has no project, or the project can't be read.
    """
    project_id = session_project()
    return AirlockModel(Airlock(visit(project_id)), project=project_id)
