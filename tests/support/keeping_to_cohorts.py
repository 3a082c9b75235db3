"""Keeps a task to a cohort, as a fellow does with its file."""

from dataclasses import replace

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.tasks.repository import TaskRepository
from support.confirming import Workplace


def keep_to(place: Workplace | Project, name: str | None, task: int = 1) -> None:
    """Keeps a task to the cohort of that name, or to none."""
    tasks = TaskRepository(place.project if isinstance(place, Workplace) else place)
    (before,) = (stored.task for stored in tasks.tasks() if stored.id == task)
    tasks.change(task, before, replace(before, cohort=name))
