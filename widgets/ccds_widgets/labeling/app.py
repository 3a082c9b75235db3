"""The labelling app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

import os

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_widgets.labeling.model import LabelingModel
from ccds_widgets.labeling.view import LabelingWidget


def labeling_app() -> LabelingWidget:
    """The app's widget. Opens nothing yet: see `LabelingWidget`."""
    return LabelingWidget(open_session)


def open_session() -> LabelingModel:
    """The labelling of the session's project, `CCDS_PROJECT`, by the person that the hub started it for.

    Raises:
        ProjectAccessDenied: they may not label in it.
        CcdsError: the session has no project, or the project can't be read.
    """
    project_id = os.environ.get("CCDS_PROJECT")
    if not project_id:
        raise CcdsError(
            expected="a session of a project", found="one without", do="open the app from its tile on the start page"
        )
    project = open_project(project_id, Action.OPEN_LABELING)

    def permit() -> None:
        project.require(Action.OPEN_LABELING)
        project.require(Action.READ_REPORTS)

    return LabelingModel(LabelingRepository(project), project=project.id, permit=permit)
