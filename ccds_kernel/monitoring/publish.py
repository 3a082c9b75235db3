"""Stored rows → published numbers: read, join, aggregate, write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.audit.events.monitoring import MonitoringPublished
from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.monitoring.aggregate import NOTHING, NotCounted, aggregate, not_counted
from ccds_kernel.monitoring.join import join
from ccds_kernel.monitoring.publication import (
    Publication,
    digest,
    is_published,
    read_publication,
    write_publication,
)
from ccds_kernel.monitoring.record import Rows, open_record
from ccds_kernel.monitoring.release import ReleaseId
from ccds_kernel.months import running
from ccds_kernel.settings import Settings


@dataclass(frozen=True)
class Published:
    """What was published, in which file, and what of the record isn't in it."""

    publication: Publication
    path: Path
    left: NotCounted


def publish(which: ReleaseId, *, person: str, settings: Settings) -> Published:
    """Publishes the months of release `which` that are over, beside what is published already.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: the release isn't registered, its record or what is published of it can't be read or is of another release, or
            the audit log or the file can't be written.
    """
    require_administrator("publish a release's numbers", person=person, settings=settings)
    published = settings.paths.published
    with open_record(which, person=person, settings=settings) as record, record.alone():
        before = read_publication(published, which) if is_published(published, which) else None
        publication, left = compute(record.read(), published_at=datetime.now(UTC).replace(microsecond=0), before=before)
        audit_log(settings).write(MonitoringPublished(person=person, release=str(which), digest=publication.digest))
        return Published(publication, write_publication(published, publication), left)


def compute(rows: Rows, *, published_at: datetime, before: Publication | None = None) -> tuple[Publication, NotCounted]:
    """What is to be published of `rows`, and what of them isn't. Pure.

    Args:
        rows: the record of a release.
        published_at: now, in UTC.
        before: what was published of the release last.

    Raises:
        CcdsError: what was published is of a release with another meaning.
    """
    if before is not None and before.release != rows.release:
        raise CcdsError(
            expected=f"numbers of {rows.release.id} as it is registered to be published",
            found="numbers of another meaning",
            do="remove the published file, and publish anew",
        )
    joined = join(
        rows.predictions,
        rows.reports,
        rows.phrases,
        positive=rows.release.positive,
        threshold=rows.release.threshold,
    )
    numbers = aggregate(joined, until=running(published_at), before=before.numbers if before else NOTHING)
    publication = Publication(
        schema=1, release=rows.release, published_at=published_at, digest=digest(rows), numbers=numbers
    )
    return publication, not_counted(joined, numbers)
