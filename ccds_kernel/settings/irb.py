"""`[irb]`: how rosters become permissions."""

from __future__ import annotations

from pydantic import Field

from ccds_kernel.settings.section import Section


class IrbSettings(Section):
    """How rosters become permissions."""

    training_years: int = Field(
        3, ge=1, le=10, strict=True, description="years after which a person's human-subjects training has lapsed"
    )
    reconcile_seconds: int = Field(
        60, ge=1, le=3600, strict=True, description="seconds between two looks of the hub at what has to change"
    )
