"""The models of the screens of phrases, on a project that somebody opened."""

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from ccds_widgets.labeling.annotate.model import AnnotateModel
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.prioritise.model import PrioritiseModel


def annotate_model(project: Project, task: int = 1) -> AnnotateModel:
    """The annotate screen, as the app opens it."""
    return labeling_of(project)._screens["annotate"](task)


def prioritise_model(project: Project, task: int = 1) -> PrioritiseModel:
    """The prioritise screen, likewise."""
    return labeling_of(project)._screens["prioritise"](task)


def change_task(project: Project, after: Task, task: int = 1) -> None:
    """Puts `after` in the place of a task."""
    tasks = TaskRepository(project)
    (before,) = (stored.task for stored in tasks.tasks() if stored.id == task)
    tasks.change(task, before, after)
