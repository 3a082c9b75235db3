"""Stored rows → published numbers: read, join, aggregate, write."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.audit.events import MonitoringPublished
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.monitoring.aggregate import aggregate, or_few
from ccds_kernel.monitoring.join import join
from ccds_kernel.monitoring.publication import Publication, Source, digest, write_publication
from ccds_kernel.monitoring.record import Rows, open_record
from ccds_kernel.monitoring.release import ReleaseId
from ccds_kernel.settings import Settings


def publish(which: ReleaseId, *, person: str, settings: Settings) -> tuple[Publication, Path]:
    """Publishes the numbers of release `which` as its record has them now; returns them and where they lie.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: the release isn't registered, its record can't be read, or the audit log or the file can't be written.
    """
    require_administrator("publish a release's numbers", person=person, settings=settings)
    with open_record(which, person=person, settings=settings) as record:
        rows = record.read()
    publication = compute(rows, published_at=datetime.now(UTC).replace(microsecond=0))
    FileAuditSink(settings.paths.audit).write(
        MonitoringPublished(person=person, release=str(which), digest=publication.source.digest)
    )
    return publication, write_publication(settings.paths.published, publication)


def compute(rows: Rows, *, published_at: datetime) -> Publication:
    """What is to be published of `rows`. Pure.

    Args:
        rows: the record of a release.
        published_at: now, in UTC.
    """
    joined = join(
        rows.predictions,
        rows.reports,
        rows.phrases,
        positive=rows.release.positive,
        threshold=rows.release.threshold,
    )
    return Publication(
        schema=1,
        release=rows.release,
        published_at=published_at,
        source=Source(
            predictions=or_few(len(rows.predictions)), reports=or_few(len(rows.reports)), digest=digest(rows)
        ),
        numbers=aggregate(joined),
    )
