"""`[scheduler]`: which scheduler starts sessions and jobs."""

from __future__ import annotations

import os
from typing import Literal

import psutil
from pydantic import Field

from ccds_kernel.settings.section import Section


class SchedulerSettings(Section):
    """Which scheduler starts sessions and jobs."""

    engine: Literal["local"] = Field("local", description="the scheduler: `local` is this machine")
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
