"""Whether the archive is asked and studies are fetched from here, or by the site."""

from __future__ import annotations

import os
from pathlib import Path

from ccds_kernel.archive.site import archive_of, staging_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings


def why_not_from_here(settings: Settings) -> CcdsError | None:
    """Why this process can neither ask the archive nor fetch from it; None where nothing is known to stand against it.

    Nothing is sent: whether the archive answers is seen when it is asked. The password and the staging folder are closed to
    people who are Unix users; for these the site asks and fetches.
    """
    if settings.archive.protocol == "none":
        return CcdsError(
            expected="an archive to ask",
            found="none in this site's settings",
            do="keep criteria, and ask who administers this site",
        )
    try:
        archive_of(settings)
    except CcdsError as error:
        return CcdsError(
            expected="to read what the archive asks for", found=error.found, do="let the site ask: keep the criteria"
        )
    if not _writable(staging_of(settings)):
        return CcdsError(
            expected="a staging folder that you may write",
            found="one that is closed to you",
            do="let the site ask and fetch: keep the criteria, and put them into the queue",
        )
    return None


def _writable(folder: Path) -> bool:
    """Whether `folder` may be written, or made where it isn't there yet."""
    try:
        place = next(place for place in (folder, *folder.parents) if place.exists())
    except PermissionError:
        return False
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
