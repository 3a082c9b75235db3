"""Ends trainings whose person may not train in their project any more: a batch job outlives its session, not its right.

The job's name says which run of which project it is, and the scheduler whose. Asking the run's folder was decided against:
members write there.

As with sessions only a no counts: an application that can't be read, or that is away, ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.log import AuditSink
from ccds_kernel.batch import JobStatus, Scheduler, UnknownJobError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.registry import Registry
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied, calendar_day, why_not
from ccds_kernel.training.naming import project_of


def revoked(
    jobs: Iterable[JobStatus], applications: Iterable[IrbApplication], today: date, training_years: int
) -> Iterator[tuple[JobStatus, str, ProjectAccessDenied]]:
    """Those of `jobs` that train what their person may not any more on day `today`: job, project's id, and what is against it."""
    known = {application.id: application for application in applications}
    for job in jobs:
        application = known.get(project_of(job.name or "") or "")
        if application is None or job.owner is None:
            continue
        refusal = why_not(application, job.owner, Action.TRAIN, today, training_years)
        if refusal is not None:
            yield job, application.id, refusal


def end_revoked(registry: Registry, scheduler: Scheduler, audit: AuditSink) -> int:
    """Ends them, each with an audit event; returns how many. Their runs stay, and can go on where the right comes back.

    Raises:
        CcdsError: the registry or the scheduler can't be asked, or the audit log not be written; the next call tries again.
    """
    ended = 0
    for job, project_id, refusal in revoked(
        scheduler.mine(), registry.applications(), calendar_day(), registry.training_years
    ):
        reason = f"expected {refusal.expected}; found {refusal.found}"
        audit.write(AccessDenied(person=job.owner or "", project=project_id, action=Action.TRAIN, reason=reason))
        with suppress(UnknownJobError):  # it has ended in this moment
            scheduler.cancel(job.id)
        ended += 1
    return ended
