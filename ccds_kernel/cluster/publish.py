"""Records and runs → the published report: read, compute, write."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from ccds_kernel.audit.events.cluster import ClusterPublished
from ccds_kernel.audit.site import audit_log
from ccds_kernel.cluster.period import Grain, periods
from ccds_kernel.cluster.publication import write_report
from ccds_kernel.cluster.records import NAME, Records
from ccds_kernel.cluster.report import ClusterReport, compute
from ccds_kernel.cluster.trainings import read_trainings
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.settings import Settings


def gather(settings: Settings, now: datetime) -> ClusterReport:
    """The report on what is recorded at this site, as it is at `now`, an aware time.

    Raises:
        CcdsError: the records can't be read.
    """
    state = settings.paths.state
    since = min(periods(grain, now)[0].begins_at for grain in Grain)
    records = Records(state).all(since) if (state / NAME).exists() else ()
    trainings = read_trainings(settings.paths.projects, registry_of(settings).ids(), now)
    return compute(records, trainings.found, now, unread=trainings.unread, damaged=trainings.damaged)


def publish(report: ClusterReport, *, person: str, settings: Settings) -> Path:
    """Publishes `report` in place of the one before; returns its file.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: the audit log or the file can't be written.
    """
    require_administrator("publish the report on the cluster", person=person, settings=settings)
    digest = hashlib.sha256(report.to_json().encode()).hexdigest()
    audit_log(settings).write(ClusterPublished(person=person, digest=digest))
    return write_report(settings.paths.published, report)
