"""The door to what is published: for leadership and administrators, asked anew before each answer, every look logged."""

from __future__ import annotations

from collections.abc import Callable

from ccds_kernel.audit.events.monitoring import PublishedRead
from ccds_kernel.audit.site import audit_sink
from ccds_kernel.irb.project import current_person
from ccds_kernel.irb.site import require_leadership
from ccds_kernel.monitoring.publication import Publication, published_releases, read_publication
from ccds_kernel.monitoring.release import ReleaseId
from ccds_kernel.settings import Settings, load_settings

_ACTION = "read what is published"


class PublishedNumbers:
    """What is published, for `person`. Reads the folder of published numbers, and nothing else.

    Every method raises `SiteAccessDenied` for who may not read it (any more).

    Args:
        person: who asks; whoever runs this process, where it isn't given.
        settings: reads the site's settings as they are now.
    """

    def __init__(self, person: str | None = None, settings: Callable[[], Settings] = load_settings) -> None:
        self._person = current_person(settings()) if person is None else person
        self._settings = settings

    def releases(self) -> tuple[ReleaseId, ...]:
        """The releases of which something is published, by name."""
        return published_releases(self._permitted().paths.published)

    def read(self, which: ReleaseId) -> Publication:
        """What is published of release `which`; that it was shown is an audit event of the site.

        Raises:
            CcdsError: nothing is, or the file can't be read.
        """
        settings = self._permitted()
        publication = read_publication(settings.paths.published, which)
        audit_sink(settings).write(PublishedRead(person=self._person, release=str(which)))
        return publication

    def _permitted(self) -> Settings:
        settings = self._settings()
        require_leadership(_ACTION, person=self._person, settings=settings)
        return settings
