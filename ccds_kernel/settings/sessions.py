"""`[sessions]`: as whom the code of a session runs."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ccds_kernel.settings.section import AbsolutePath, Section


class SessionsSettings(Section):
    """As whom the code of a session runs."""

    helper: bool = Field(
        False,
        strict=True,
        description="whether kernels and terminals run as the person, through the root helper, and not as the service account",
    )
    sockets: AbsolutePath = Field(
        Path("/run/ccds"),
        description="where the root helper puts the sockets between servers and kernels; a short path of root's own",
    )
