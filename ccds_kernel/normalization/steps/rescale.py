"""`rescale: {range: [0, 1]}`, or with `from: [-1000, 1000]`: one straight line onto a range."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.steps.step import Number, Parameters, ascending
from ccds_kernel.normalization.working import Working

Bound = Annotated[Number, Field(ge=-1e6, le=1e6)]


class Rescale(Parameters):
    """Maps the two numbers `from` to those of `range`, and what is between and beyond by the same straight line.

    Without `from` these are the image's darkest and brightest voxel, so that nothing is beyond. With it nothing is cut, and
    the same intensity becomes the same number in every image.
    """

    name: ClassVar[str] = "rescale"
    maps: ClassVar[bool] = True

    range: tuple[Bound, Bound]
    source: Annotated[tuple[Bound, Bound] | None, Field(alias="from")] = None

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not ascending(self.range) or (self.source and not ascending(self.source)):
            raise ValueError("range and from are two different numbers each, the lower one first")
        return self

    def advice(self, modality: str, *, native: bool) -> str | None:
        """See `Parameters.advice`."""
        if modality == "CT" and native and self.source is None:
            return "the darkest and brightest HU differ with table and metal: window them, or give 'from'"
        if modality == "MR" and native and self.source is not None:
            return "MR's intensities have no unit, so no range fits every scanner: leave 'from' out, or nyul before it"
        return None

    def run(self, image: Working) -> None:
        """Maps every voxel; float32 afterwards.

        Raises:
            CcdsError: `from` isn't given, and all voxels are the same.
        """
        low, high = self.source or (float(image.voxels.min()), float(image.voxels.max()))
        if not 0 < high - low <= np.finfo(np.float32).max:
            raise CcdsError(
                expected="voxels that differ, to map the darkest and the brightest",
                found="the same value in all of them" if low == high else f"voxels from {low:g} to {high:g}",
                do="leave the image out, or give 'from'",
            )
        start, end = self.range
        voxels = image.floats()
        voxels -= np.float32(low)
        voxels /= np.float32(high - low)
        voxels *= np.float32(end - start)
        voxels += np.float32(start)
        if self.source is None:  # rounding may lead a bit beyond
            np.clip(voxels, np.float32(start), np.float32(end), out=voxels)
