"""`clip: {percentiles: [0.5, 99.5]}`: the darkest and brightest voxels brought to two percentiles."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.normalization.steps.step import Number, Parameters, ascending, fractions_meant
from ccds_kernel.normalization.voxel_statistics import percentiles
from ccds_kernel.normalization.working import Working

Percent = Annotated[Number, Field(ge=0, le=100)]


class Clip(Parameters):
    """Brings voxels below the first of `percentiles` up to it, those above the second down to it.

    The percentiles are those of all voxels, not of a sample, interpolated linearly between ranks.
    """

    name: ClassVar[str] = "clip"

    percentiles: tuple[Percent, Percent]

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not ascending(self.percentiles):
            raise ValueError("percentiles must be two different numbers, the lower one first")
        return self

    def slip(self) -> str | None:
        """See `Parameters.slip`."""
        return fractions_meant(self.percentiles)

    def advice(self, modality: str, *, native: bool) -> str | None:
        """See `Parameters.advice`."""
        if modality == "CT" and native:
            return "percentiles of HU depend on how much air is in the picture: window them instead"
        return None

    def run(self, image: Working) -> None:
        """Clips every voxel; float32 afterwards."""
        low, high = percentiles(image.voxels.flatten(order="F"), self.percentiles)
        voxels = image.floats()
        np.clip(voxels, np.float32(low), np.float32(high), out=voxels)
