"""Who asks the archive and fetches: whoever wants studies, from here; the site, for them; nobody, where there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ccds_kernel.archive.site import archive_of, staging_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings


class Where(StrEnum):
    """From where an archive is asked."""

    HERE = "here"
    SITE = "site"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Reach:
    """From where the archive is asked, and why not from here."""

    where: Where
    why: CcdsError | None = None

    def require_here(self) -> None:
        """Makes sure that it is asked from here.

        Raises:
            CcdsError: it isn't.
        """
        if self.why is not None:
            raise self.why


def reach_of(settings: Settings) -> Reach:
    """From where the site's archive is asked by whoever runs this process.

    Nothing is sent: whether the archive answers is seen when it is asked. The password and the staging folder are closed to
    people who are Unix users; for these the site asks and fetches.
    """
    if settings.archive.protocol == "none":
        why = CcdsError(
            expected="an archive to ask",
            found="none in this site's settings",
            do="keep criteria, and ask who administers this site",
        )
        return Reach(Where.NOWHERE, why)
    try:
        archive_of(settings)
    except CcdsError as error:
        why = CcdsError(
            expected="to read what the archive asks for", found=error.found, do="let the site ask: keep the criteria"
        )
        return Reach(Where.SITE, why)
    if not _writable(staging_of(settings)):
        why = CcdsError(
            expected="a staging folder that you may write",
            found="one that is closed to you",
            do="let the site ask and fetch: keep the criteria, and put them into the queue",
        )
        return Reach(Where.SITE, why)
    return Reach(Where.HERE)


def _writable(folder: Path) -> bool:
    """Whether `folder` may be written, or made where it isn't there yet."""
    try:
        place = next(place for place in (folder, *folder.parents) if place.exists())
    except PermissionError:
        return False
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
