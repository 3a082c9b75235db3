"""The labelling app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

import os

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import ALLOWED, Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_widgets.base import Model
from ccds_widgets.labeling.annotate.model import AnnotateModel
from ccds_widgets.labeling.model import LabelingModel, OpenScreen
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
    return labeling_of(open_project(project_id, Action.OPEN_LABELING))


def labeling_of(project: Project) -> LabelingModel:
    """The screens of `project` that the person who opened it may use."""
    screens: dict[str, tuple[Action, OpenScreen]] = {
        "annotate": (Action.EDIT_PHRASES, lambda task: _annotate(project, task)),
    }
    entry = project.application.entry_of(project.person)
    allowed = ALLOWED[entry.role] if entry else frozenset()
    return LabelingModel(
        project=project.id,
        tasks=TaskRepository(project),
        screens={name: opened for name, (action, opened) in screens.items() if action in allowed},
    )


def _annotate(project: Project, task: int) -> Model:
    def permit() -> None:
        project.require(Action.OPEN_LABELING)
        project.require(Action.READ_REPORTS)

    return AnnotateModel(LabelingRepository(project, task), project=project.id, permit=permit)
