"""`[sessions]`: as whom the code of a session runs, what people may ask for, and how long a session is remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ccds_kernel.settings.section import AbsolutePath, Section

ImageName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
PinnedImage = Annotated[
    str, Field(pattern=r"^([a-z0-9][a-z0-9._/:-]{0,200}@sha256:[0-9a-f]{64}|/[A-Za-z0-9._/@+-]{1,1000})$")
]


class SessionsSettings(Section):
    """As whom the code of a session runs, and what people may ask for."""

    helper: bool = Field(
        False,
        strict=True,
        description="whether kernels and terminals run as the person, through the root helper, and not as the service account",
    )
    sockets: AbsolutePath = Field(
        Path("/run/ccds"),
        description="where the root helper puts the sockets between servers and kernels, and in its folder `jobs` the jobs' "
        "service has its own; a short path of root's",
    )
    longest_hours: int = Field(
        72,
        ge=1,
        le=24 * 365,
        strict=True,
        description="hours that a lab session may be asked for, and be extended to in all",
    )
    cores: int = Field(1, ge=1, strict=True, description="cores of a lab session, at least")
    memory_mb: int = Field(4096, ge=1, strict=True, description="MiB of a lab session, at least")
    cores_per_gpu: int = Field(
        4,
        ge=1,
        strict=True,
        description="cores of a lab session for each of its GPUs; never more in all than the largest node with such GPUs has. "
        "Above a node's cores for each of its GPUs, some of these can't be used",
    )
    memory_mb_per_gpu: int = Field(
        16384, ge=1, strict=True, description="MiB of a lab session for each of its GPUs, likewise"
    )
    images: dict[ImageName, PinnedImage] = Field(
        {},
        description="the images that people choose from: name = `registry/name@sha256:…`, or the absolute path of an image "
        "file; none: the site's own installation. Offered where Slurm or LSF runs them, and `helper` is false",
    )
    keep_cards_days: int = Field(
        7, ge=0, le=365, strict=True, description="days for which a person's home page shows how a session ended"
    )
    idle_minutes: float = Field(
        240,
        ge=0,
        le=60 * 24 * 365,
        description="minutes after which a lab session ends that nobody uses: no work in its page, no code that runs, no busy "
        "GPU; 0: never",
    )
    gpu_idle_minutes: float = Field(
        720,
        ge=0,
        le=60 * 24 * 365,
        description="minutes after which a lab session ends whose GPUs do nothing, whatever else it does; only where they can be "
        "measured; 0: never",
    )
    idle_notice_minutes: float = Field(
        30, ge=0, le=60 * 24, description="minutes before such an end at which the session's people are told"
    )
