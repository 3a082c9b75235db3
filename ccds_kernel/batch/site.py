"""From the site's settings to its scheduler; a file of its own, so that a job's start doesn't pay for the settings."""

from __future__ import annotations

from ccds_kernel.batch.local.client import LocalScheduler
from ccds_kernel.batch.local.dispatch import Capacity
from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.settings import Settings


def scheduler_of(settings: Settings) -> Scheduler:
    """The scheduler that the site names.

    Raises:
        SchedulerUnavailableError: its state folder can't be used.
    """
    offered = settings.scheduler
    gpus = tuple(str(slot) for slot in range(offered.gpus))
    capacity = Capacity(cpus=offered.cpus, memory_mb=offered.memory_mb, gpus=gpus)
    return LocalScheduler(settings.paths.state / "scheduler", capacity=capacity)
