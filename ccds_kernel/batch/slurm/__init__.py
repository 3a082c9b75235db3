"""Slurm as a `Scheduler`: `SlurmScheduler` over `sbatch`, `squeue`, `scancel`, `scontrol` and `sinfo`; no accounting database."""

from __future__ import annotations

from ccds_kernel.batch.slurm.client import SlurmScheduler
from ccds_kernel.batch.slurm.render import SlurmSite

__all__ = ["SlurmScheduler", "SlurmSite"]
