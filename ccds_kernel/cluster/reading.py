"""The door to the published report: for leadership and administrators, asked anew before each answer, every look logged."""

from __future__ import annotations

from collections.abc import Callable

from ccds_kernel.audit.events.cluster import ClusterRead
from ccds_kernel.audit.site import audit_sink
from ccds_kernel.cluster.publication import read_report
from ccds_kernel.cluster.report import ClusterReport
from ccds_kernel.irb.project import current_person
from ccds_kernel.irb.site import require_leadership
from ccds_kernel.settings import Settings, load_settings


class PublishedCluster:
    """The published report, for `person`. Reads the folder of what is published, and nothing else.

    Args:
        person: who asks; whoever runs this process, where it isn't given.
        settings: reads the site's settings as they are now.
    """

    def __init__(self, person: str | None = None, settings: Callable[[], Settings] = load_settings) -> None:
        self._person = current_person(settings()) if person is None else person
        self._settings = settings

    def read(self) -> ClusterReport | None:
        """The report, None where none is published; that it was shown is an audit event of the site.

        Raises:
            SiteAccessDenied: this person may not read it (any more).
            CcdsError: it can't be read.
        """
        settings = self._settings()
        require_leadership("read the report on the cluster", person=self._person, settings=settings)
        report = read_report(settings.paths.published)
        if report:
            audit_sink(settings).write(ClusterRead(person=self._person))
        return report
