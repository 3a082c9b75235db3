"""`clip: {percentiles: [0.5, 99.5]}`: the darkest and brightest voxels brought to two percentiles."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.volume import Voxels
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
        if self.percentiles[0] >= self.percentiles[1]:
            raise ValueError("percentiles must be two different numbers, the lower one first")
        return self

    def run(self, image: Working) -> None:
        """Clips every voxel; float32 afterwards."""
        low, high = percentiles(image.voxels, self.percentiles)
        voxels = image.floats()
        np.clip(voxels, np.float32(low), np.float32(high), out=voxels)


def percentiles(voxels: Voxels, wanted: tuple[float, float]) -> tuple[float, float]:
    """The exact percentiles of all `voxels`, which are not changed."""
    flat = voxels.flatten(order="F")
    places = [percent / 100 * (flat.size - 1) for percent in wanted]
    flat.partition(sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))}))
    low, high = (_between(float(flat[math.floor(at)]), float(flat[math.ceil(at)]), at % 1) for at in places)
    return low, high


def _between(low: float, high: float, part: float) -> float:
    return low + (high - low) * part
