"""Asks again, before reports or images are touched, whether the IRB application covers what a cohort asks for."""

from __future__ import annotations

from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.cohort.criteria import Criteria, beyond
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action


def require_covered(project: Project, criteria: Criteria, action: Action = Action.READ_REPORTS) -> None:
    """Makes sure that the application in force covers all of `criteria`, also those of a cohort that is kept: an amendment may
    have taken something away since.

    Args:
        project: an open project.
        criteria: what is asked for.
        action: what for.

    Raises:
        ProjectAccessDenied: it doesn't; says which exam codes and study dates. The refusal is an audit event, without the codes.
    """
    application = project.application
    outside = beyond(criteria, application)
    if outside is None:
        return
    reason = f"expected exam codes and study dates that the application covers; found {outside.counted}"
    project.audit.write(AccessDenied(person=project.person, project=project.id, action=action, reason=reason))
    raise outside.refusal(application)
