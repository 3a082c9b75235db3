"""`z_score: {mask: none|nonzero|otsu|foreground}`, or `{mean: 300, sd: 120}`: mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.normalization.masks import Mask, Masked
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.voxel_statistics import mean_and_deviation
from ccds_kernel.normalization.working import Working


class ZScore(Parameters):
    """Takes the mean off and divides by the (population) standard deviation, both of the voxels in `mask`.

    Every voxel is mapped, those outside the mask too: one straight line for the whole image, so that order is kept. With
    `mean` and `sd` given instead, as a network's training set had them, that line is the same for every image.
    """

    name: ClassVar[str] = "z_score"
    maps: ClassVar[bool] = True

    mask: Mask | None = None
    mean: Annotated[Number, Field(ge=-1e6, le=1e6)] | None = None
    sd: Annotated[Number, Field(ge=1e-6, le=1e6)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [one is not None for one in (self.mask, self.mean, self.sd)]
        if given not in ([True, False, False], [False, True, True]):
            raise ValueError(f"either mask ({', '.join(Mask)}), or mean and sd together")
        return self

    @property
    def fixed(self) -> bool:
        """Whether it is the same line for every image."""
        return self.mask is None

    def advice(self, modality: str, *, native: bool) -> str | None:
        """See `Parameters.advice`."""
        if modality == "CT" and native and not self.fixed:
            return "HU are absolute, and z_score makes one tissue another number in each image: window first, or give mean and sd"
        if modality == "MR" and native and self.fixed:
            return "MR's intensities have no unit, so no mean and sd fit every scanner: give a mask, or nyul before it"
        return None

    def run(self, image: Working) -> None:
        """Maps every voxel; float32 afterwards.

        Raises:
            CcdsError: the mask is empty, all voxels in it are the same, or there is none of that kind.
        """
        mean, deviation = self._line(image)
        voxels = image.floats()
        voxels -= np.float32(mean)
        voxels /= np.float32(deviation)

    def _line(self, image: Working) -> tuple[float, float]:
        """What is taken off, and what is divided by."""
        if self.mean is not None and self.sd is not None:
            return self.mean, self.sd
        assert self.mask is not None  # noqa: S101 - tells mypy: one or the other is given
        return mean_and_deviation(Masked.of(image, self.mask).blocks)
