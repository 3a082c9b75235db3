"""The assess screen of a session: its model on what the project keeps."""

from __future__ import annotations

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.permissions import CURATE
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_widgets.labeling.assess.model import AssessModel


def assess_screen(project: Project, task_id: int) -> AssessModel:
    """The screen on a task of `project`, for the person who opened it."""

    def permit() -> None:
        project.require(CURATE)
        project.require(Action.READ_REPORTS)

    return AssessModel(
        task_id,
        project=project.id,
        tasks=TaskRepository(project),
        curates=Curating(project, task_id),
        lists=LabelingRepository(project, task_id),
        snapshots=LabelSnapshots(project),
        permit=permit,
    )
