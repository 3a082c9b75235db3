"""All checks, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.doctor.components import COMPONENTS, examine_component
from ccds_kernel.doctor.finding import Finding
from ccds_kernel.doctor.machine import examine_gpus, examine_proxy, examine_python
from ccds_kernel.doctor.site import (
    examine_disk,
    examine_jobs_service,
    examine_permissions,
    examine_scheduler,
    examine_settings,
)


def examine() -> Iterator[Finding]:
    """Everything that there is to say about this machine and its site; asks nobody but the site's own database server."""
    yield examine_python()
    settings, finding = examine_settings()
    yield finding
    yield from examine_disk(dict(settings.paths) if settings else {"what is made here": Path.cwd()})
    if settings:
        yield examine_permissions(settings)
        yield examine_scheduler(settings)
        if (jobs := examine_jobs_service(settings)) is not None:
            yield jobs
        from ccds_kernel.doctor.database import examine_database  # noqa: PLC0415 - brings SQLAlchemy: nothing without a site

        yield examine_database(settings)
    yield examine_gpus(settings.scheduler.gpus if settings else None)
    yield examine_proxy()
    for component in COMPONENTS:
        yield examine_component(component, has_site=settings is not None)
