"""From the site's settings to its scheduler; a file of its own, so that a job's start doesn't pay for the settings."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ccds_kernel.batch.commands import Commands
from ccds_kernel.batch.local.client import LocalScheduler
from ccds_kernel.batch.local.dispatch import Capacity
from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.settings import Settings


def scheduler_of(
    settings: Settings, *, commands: Commands | None = None, start: tuple[str, ...] | None = None
) -> Scheduler:
    """The scheduler that the site names.

    Args:
        settings: the site's.
        commands: runs the programs of Slurm or LSF; None: as the present Unix user.
        start: what the one command line of a job begins with there, which can start none inside an image; None: it runs the
            job's wrapper as whoever submitted it.

    Raises:
        SchedulerUnavailableError: its folder can't be used.
    """
    engine = settings.scheduler.engine
    if engine == "slurm":
        from ccds_kernel.batch.slurm import SlurmScheduler  # noqa: PLC0415 - a site has one engine
        from ccds_kernel.batch.slurm.from_settings import slurm_commands, slurm_site  # noqa: PLC0415 - likewise

        slurm = slurm_site(settings)
        slurm = replace(slurm, start=start, containers="none") if start else slurm
        return SlurmScheduler(jobs_folder(settings), slurm, commands or slurm_commands(settings))
    if engine == "lsf":
        from ccds_kernel.batch.lsf import LsfScheduler  # noqa: PLC0415 - likewise
        from ccds_kernel.batch.lsf.from_settings import lsf_commands, lsf_site  # noqa: PLC0415 - likewise

        lsf = lsf_site(settings)
        lsf = replace(lsf, start=start, containers={}) if start else lsf
        return LsfScheduler(jobs_folder(settings), lsf, commands or lsf_commands(settings))
    if settings.sessions.helper and os.geteuid() != 0 and not _is_own(settings.paths.state):
        from ccds_kernel.batch.local.brokered import BrokeredScheduler  # noqa: PLC0415 - people's sessions only

        return BrokeredScheduler(jobs_socket(settings), os.environ.get("CCDS_PROJECT"))
    offered = settings.scheduler
    gpus = tuple(str(slot) for slot in range(offered.gpus))
    capacity = Capacity(cpus=offered.cpus, memory_mb=offered.memory_mb, gpus=gpus)
    return LocalScheduler(settings.paths.state / "scheduler", capacity=capacity)


def jobs_folder(settings: Settings) -> Path:
    """Where the runs of jobs on a cluster are: in the site's state folder, or in the folder of the person whose jobs they are."""
    state = settings.paths.state
    return state / "scheduler" if _is_own(state) else Path.home() / ".ccds" / "jobs"


def jobs_socket(settings: Settings) -> Path:
    """Where people reach the broker, by which they use the scheduler of this machine."""
    return settings.sessions.sockets / "jobs" / "socket"


def _is_own(state: Path) -> bool:
    try:
        return not state.exists() or state.stat().st_uid == os.geteuid()
    except PermissionError:
        return False
