"""The site's scheduler as the hub uses it: where sessions run as their person, it speaks for them through the root helper."""

from __future__ import annotations

from ccds_kernel.batch.commands import Commands
from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.session.helped import helper_start
from ccds_kernel.session.helped_commands import HelperCommands
from ccds_kernel.settings import Settings, settings_file


def hub_scheduler(settings: Settings) -> Scheduler:
    """The scheduler that starts sessions: on a cluster with the root helper each job is its person's, and its server is not.

    Raises:
        CcdsError: there is no settings file, or the scheduler's folder can't be used.
    """
    if not settings.sessions.helper or settings.scheduler.engine == "local":
        return scheduler_of(settings)
    config = settings_file().resolve()
    commands = HelperCommands(config, _own_commands(settings))
    return scheduler_of(settings, commands=commands, start=(*helper_start(config), "server"))


def _own_commands(settings: Settings) -> Commands:
    if settings.scheduler.engine == "slurm":
        from ccds_kernel.batch.slurm.from_settings import slurm_commands  # noqa: PLC0415 - a site has one engine

        return slurm_commands(settings)
    from ccds_kernel.batch.lsf.from_settings import lsf_commands  # noqa: PLC0415 - likewise

    return lsf_commands(settings)
