"""`[scheduler]`: which scheduler starts sessions and jobs."""

from __future__ import annotations

import os
from typing import Literal

import psutil
from pydantic import Field

from ccds_kernel.settings.section import Section

_LOCAL_TICK_S, _CLUSTER_TICK_S = 0.5, 5.0


class SchedulerSettings(Section):
    """Which scheduler starts sessions and jobs."""

    engine: Literal["local", "slurm", "lsf"] = Field(
        "local", description="the scheduler: `local` is this machine, `slurm` and `lsf` have a section of their own"
    )
    tick_seconds: float | None = Field(
        None,
        ge=0.1,
        le=60,
        description="seconds between two questions of the hub to the scheduler, about all jobs at once; none: 0.5 on this "
        "machine, 5 on a cluster",
    )
    gpus: int = Field(
        0, ge=0, le=64, strict=True, description="GPU slots that the local scheduler hands out, real or pretended"
    )
    cpus: int = Field(os.cpu_count() or 1, ge=1, strict=True, description="cores that the local scheduler hands out")
    memory_mb: int = Field(
        psutil.virtual_memory().total // 2**20,
        ge=1,
        strict=True,
        description="MiB that the local scheduler hands out",
    )

    @property
    def tick_s(self) -> float:
        """Seconds between two questions to the scheduler."""
        return self.tick_seconds or (_LOCAL_TICK_S if self.engine == "local" else _CLUSTER_TICK_S)
