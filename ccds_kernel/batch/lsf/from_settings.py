"""From a site's `[lsf]` to how its LSF is used and asked; a file of its own, so that a job's start doesn't pay for settings."""

from __future__ import annotations

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf.render import LsfSite
from ccds_kernel.batch.lsf.request import ENVIRONMENT
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.settings import Settings


def lsf_site(settings: Settings) -> LsfSite:
    """Its queues and containers; jobs are started by this Python."""
    named = settings.lsf
    queues = {kind: str(getattr(named, kind.value)) for kind in PriorityClass}
    return LsfSite(queues=queues, memory_unit=named.memory_unit, containers=named.containers)


def lsf_commands(settings: Settings) -> DirectCommands:
    """LSF's programs, as the present Unix user."""
    named = settings.lsf
    return DirectCommands(named.bin, {**ENVIRONMENT, **({"LSF_ENVDIR": str(named.envdir)} if named.envdir else {})})
