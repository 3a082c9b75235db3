"""Which reports a task reads now: asked each time, as the IRB application may have been amended, or the task been kept to another
cohort. See `labeling.reach`.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from ccds_kernel.cohort import rows as cohort_rows
from ccds_kernel.cohort.coverage import require_covered
from ccds_kernel.cohort.criteria import Criteria, beyond
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.tasks import rows
from ccds_kernel.labeling.tasks.task import Task


def reach_of(connection: Connection, project: Project, task_id: int) -> Reach:
    """That of a task of `project`.

    Raises:
        ProjectAccessDenied: the application doesn't cover all of the cohort that the task is kept to. Whoever opens the task has
            asked for nothing that they may not have, so it is no audit event.
        CcdsError: there is no such task, or the cohort is gone.
    """
    return reach_for(connection, project, rows.task(connection, task_id))


def reach_for(connection: Connection, project: Project, task: Task) -> Reach:
    """That which `task` has, or would have. Raises as `reach_of`."""
    criteria = _criteria(connection, project, task)
    if criteria is not None and (outside := beyond(criteria, project.application)) is not None:
        raise _not_covered(project, task, outside.refusal(project.application))
    return replace(Reach.of(project.application), cohort=criteria)


def can_be_kept_to(connection: Connection, project: Project, name: str) -> bool:
    """Whether a task can be kept to the cohort of that name now: it is there, and the application covers all of it."""
    kept = cohort_rows.cohort_by_name(connection, name)
    return kept is not None and beyond(kept.criteria, project.application) is None


def require_reach(connection: Connection, project: Project, task: Task) -> None:
    """Makes sure that `task` may be kept to the cohort that it names. Raises as `reach_of`; here the refusal is an event."""
    criteria = _criteria(connection, project, task)
    if criteria is None:
        return
    try:
        require_covered(project, criteria)
    except ProjectAccessDenied as refusal:
        raise _not_covered(project, task, refusal) from None


def _criteria(connection: Connection, project: Project, task: Task) -> Criteria | None:
    """Those of the cohort that a task is kept to; None where it is kept to none."""
    if task.cohort is None:
        return None
    kept = cohort_rows.cohort_by_name(connection, task.cohort)
    if kept is None:
        raise CcdsError(
            expected=f"the cohort {task.cohort}, to which the task '{task.name}' is kept",
            found="none of that name",
            do=f"let a fellow name one of 'ccds cohort list --project {project.id}' in the task's settings, or none",
        )
    return kept.criteria


def _not_covered(project: Project, task: Task, refusal: ProjectAccessDenied) -> ProjectAccessDenied:
    return ProjectAccessDenied(
        expected=f"the cohort {task.cohort}, to which the task '{task.name}' is kept, within the IRB application",
        found=f"{refusal.found} in it, which isn't covered",
        do="let a fellow name another cohort in the task's settings, or none, or ask the principal investigator, "
        f"{project.application.pi}, for an amendment",
    )
