"""Bringing an IRB application, an amendment or its end into force."""

from __future__ import annotations

from ccds_kernel.audit.events import ApplicationApplied
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.settings import Settings


def apply_application(application: IrbApplication, *, person: str, settings: Settings) -> bool:
    """Brings an application, or an amendment, into force and makes its directory; returns whether that changed anything.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: another application's sessions have the same name; or the audit log, the registry or the project directory
            can't be written.
    """
    require_administrator("apply an IRB application", person=person, settings=settings)
    event = ApplicationApplied(person=person, project=application.id, digest=application.digest())
    audit = FileAuditSink(settings.paths.audit)
    changed = registry_of(settings).put(application, announce=lambda: audit.write(event))
    folder = settings.paths.projects / application.id
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        (folder / "work").mkdir(exist_ok=True)
    except OSError as error:
        raise CcdsError(
            expected=f"to make {folder}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
    return changed
