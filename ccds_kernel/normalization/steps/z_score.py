"""`z_score: {mask: none|nonzero|otsu}`: mean 0 and standard deviation 1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.otsu import otsu_threshold
from ccds_kernel.normalization.steps.step import Parameters
from ccds_kernel.normalization.volume import blocks
from ccds_kernel.normalization.working import Working


class Mask(StrEnum):
    """Which voxels count for mean and standard deviation."""

    NONE = "none"
    """All of them."""
    NONZERO = "nonzero"
    """Those that are not 0: background set to 0 by the scanner or a step before."""
    OTSU = "otsu"
    """Those above Otsu's threshold."""


class ZScore(Parameters):
    """Takes the mean off and divides by the (population) standard deviation, both of the voxels in `mask`.

    Every voxel is mapped, those outside the mask too: one straight line for the whole image, so that order is kept.
    """

    name: ClassVar[str] = "z_score"

    mask: Mask

    def run(self, image: Working) -> None:
        """Maps every voxel; float32 afterwards.

        Raises:
            CcdsError: the mask is empty, or all voxels in it are the same.
        """
        mean, deviation = self._statistics(image.voxels)
        voxels = image.floats()
        voxels -= np.float32(mean)
        voxels /= np.float32(deviation)

    def _statistics(self, voxels: npt.NDArray[np.generic]) -> tuple[float, float]:
        """Mean and standard deviation of the voxels in the mask, in double precision, block by block."""
        threshold = None
        if self.mask is Mask.OTSU:
            if voxels.min() == voxels.max():
                raise _constant()
            threshold = otsu_threshold(voxels)

        def masked() -> Iterator[npt.NDArray[np.float64]]:
            for block in blocks(voxels):
                chosen = block
                if self.mask is Mask.NONZERO:
                    chosen = block[block != 0]
                if threshold is not None:
                    chosen = block[block > threshold]
                if chosen.size:
                    yield chosen.astype(np.float64)

        sums = [(values.size, float(values.sum()), float(values.min()), float(values.max())) for values in masked()]
        if not sums:
            raise CcdsError(
                expected=f"voxels in the mask '{self.mask}'",
                found="none",
                do="take another mask, or leave the image out",
            )
        if min(low for *_, low, _ in sums) == max(high for *_, high in sums):
            raise _constant()
        count = sum(size for size, *_ in sums)
        mean = math.fsum(total for _, total, _, _ in sums) / count
        variance = math.fsum(float(np.square(values - mean).sum()) for values in masked()) / count
        return mean, math.sqrt(variance)


def _constant() -> CcdsError:
    return CcdsError(
        expected="voxels that differ, to divide by their standard deviation",
        found="the same value in all of them",
        do="leave the image out, or mend the step before (a window beside its values?)",
    )
