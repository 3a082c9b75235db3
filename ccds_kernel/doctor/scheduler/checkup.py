"""The checks of each scheduler, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ccds_kernel.doctor.finding import Finding
from ccds_kernel.doctor.scheduler.lsf import examine_lsf
from ccds_kernel.doctor.scheduler.slurm import examine_slurm
from ccds_kernel.doctor.scheduler.tiny_job import ForPeople
from ccds_kernel.doctor.site import examine_scheduler as examine_local
from ccds_kernel.doctor.site import examine_settings
from ccds_kernel.settings import Settings

CHECKS: Mapping[str, Callable[[Settings, ForPeople], Iterable[Finding]]] = {
    "local": lambda settings, _people: [examine_local(settings)],
    "slurm": examine_slurm,
    "lsf": examine_lsf,
}
"""`scheduler.engine` → its checks."""


def examine_scheduler(people: ForPeople) -> Iterator[Finding]:
    """What there is to say about the scheduler that the site in force names; asks it, and runs one tiny job on a cluster.

    Args:
        people: how that job is submitted where jobs are their people's.
    """
    settings, finding = examine_settings()
    yield finding
    if settings:
        yield from CHECKS[settings.scheduler.engine](settings, people)
