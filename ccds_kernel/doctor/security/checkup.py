"""The table of all checks, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ccds_kernel.doctor.finding import Finding
from ccds_kernel.doctor.security.archive import examine_archive
from ccds_kernel.doctor.security.audit_log import examine_audit_log
from ccds_kernel.doctor.security.database import examine_database
from ccds_kernel.doctor.security.egress import examine_egress
from ccds_kernel.doctor.security.files import examine_files
from ccds_kernel.doctor.security.people import examine_people
from ccds_kernel.doctor.security.transport import examine_transport
from ccds_kernel.doctor.site import examine_permissions, examine_settings
from ccds_kernel.settings import Settings

CHECKS: Mapping[str, Callable[[Settings], Iterable[Finding]]] = {
    "transport": examine_transport,
    "people": examine_people,
    "files": examine_files,
    "folders": lambda settings: [examine_permissions(settings)],
    "audit": examine_audit_log,
    "database": examine_database,
    "egress": examine_egress,
    "archive": examine_archive,
}
"""Family → its checks."""


def examine_security() -> Iterator[Finding]:
    """Every weak setting of the site in force, and what is well; asks no network."""
    settings, finding = examine_settings()
    yield finding
    if settings:
        for check in CHECKS.values():
            yield from check(settings)
