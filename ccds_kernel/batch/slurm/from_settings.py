"""From a site's `[slurm]` to how its Slurm is used and asked; apart, so that a job's start doesn't pay for settings."""

from __future__ import annotations

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.settings import Settings


def slurm_site(settings: Settings) -> SlurmSite:
    """Its partitions and containers; jobs are started by this Python."""
    named = settings.slurm
    partitions = {kind: str(getattr(named, kind.value)) for kind in PriorityClass}
    return SlurmSite(partitions=partitions, containers=named.containers)


def slurm_commands(settings: Settings) -> DirectCommands:
    """Slurm's programs, as the present Unix user."""
    named = settings.slurm
    return DirectCommands(named.bin, {"SLURM_CONF": str(named.conf)} if named.conf else {})
