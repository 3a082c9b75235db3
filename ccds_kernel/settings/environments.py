"""`[environments]`: where people's own packages come from."""

from __future__ import annotations

from pydantic import Field

from ccds_kernel.settings.section import Section


class EnvironmentsSettings(Section):
    """Where people's own packages come from."""

    index: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?|/[A-Za-z0-9._/-]+)?$",
        description="the package index that pip asks in sessions, such as `https://pypi.hospital.org/simple`, or a folder of "
        "wheels that every node has; empty: as pip's own configuration on the node says",
    )
