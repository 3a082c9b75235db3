"""`white_stripe: {mask: nonzero, peak: last, width: 0.05}`: normal-appearing white matter to mean 0 and standard deviation 1."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.masks import Mask, Masked
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.voxel_statistics import mean_and_deviation, percentiles
from ccds_kernel.normalization.working import Working

BINS = 256
ENDS = (0.5, 99.5)
"""The percentiles between which the histogram lies: single bright voxels would make its bins wide."""

SMOOTHING = 7
"""The width, in bins, of the moving average that is taken three times: nearly a Gaussian, of 3.5 bins' standard deviation."""

REACH = 8
"""A peak is the highest within so many bins on either side."""

RARE = 5
"""A peak has at least a fifth of the height of the highest one: no fat of few voxels (`rare.prop` of WhiteStripe in R)."""


class Peak(StrEnum):
    """Which peak of the histogram is white matter."""

    LAST = "last"
    """The brightest: T1."""
    HIGHEST = "highest"
    """The one of most voxels: T2, FLAIR, of a brain without skull."""


class WhiteStripe(Parameters):
    """Takes off the mean, and divides by the standard deviation, of the voxels around the histogram's white-matter peak.

    Shinohara et al.: Statistical normalization techniques for magnetic resonance imaging, NeuroImage: Clinical 6 (2014), 9-19.
    The stripe are the voxels of the mask between the quantiles q - width and q + width, q that of the peak's mode. The
    histogram is smoothed in whole numbers, so that the peak is the same everywhere.
    """

    name: ClassVar[str] = "white_stripe"
    maps: ClassVar[bool] = True

    mask: Mask
    peak: Peak
    width: Annotated[Number, Field(gt=0, le=0.5)]

    def advice(self, modality: str, *, native: bool) -> str | None:  # noqa: ARG002 - at any place of a recipe
        """See `Parameters.advice`."""
        if modality == "MR":
            return None
        return (
            f"white_stripe looks for white matter as MR shows it: {'window' if modality == 'CT' else 'z_score'} instead"
        )

    def run(self, image: Working) -> None:
        """Maps every voxel; float32 afterwards.

        Raises:
            CcdsError: the mask is empty, the histogram has no such peak, or all voxels of the stripe are the same.
        """
        values = Masked.of(image, self.mask).values()
        mode = self.mode(values)
        quantile = float(np.count_nonzero(values < mode)) / values.size
        ends = [100 * max(quantile - self.width, 0.0), 100 * min(quantile + self.width, 1.0)]
        low, high = percentiles(values.copy(), ends)
        stripe = values[(values >= low) & (values <= high)]
        mean, deviation = mean_and_deviation(lambda: [stripe])
        voxels = image.floats()
        voxels -= np.float32(mean)
        voxels /= np.float32(deviation)

    def mode(self, values: npt.NDArray[Any]) -> float:
        """The intensity at the peak of `values`, flat.

        Raises:
            CcdsError: nearly all are the same, or there is no such peak.
        """
        low, high = percentiles(values.copy(), ENDS)
        if low == high:
            raise _no_peak()
        edges = np.linspace(low, high, BINS + 1)
        peaks = _peaks(_smoothed(np.histogram(values, edges)[0]))
        if not peaks:
            raise _no_peak()
        place, _ = peaks[-1] if self.peak is Peak.LAST else max(peaks, key=lambda peak: peak[1])
        return float(low + (place + 0.5) * (high - low) / BINS)


def _smoothed(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sums over `SMOOTHING` bins, three times; mirrored at the ends, so that a slope stays one."""
    for _ in range(3):
        around = np.pad(counts, SMOOTHING // 2, mode="reflect")
        counts = np.sum([around[start : start + counts.size] for start in range(SMOOTHING)], axis=0)
    return counts


def _peaks(heights: npt.NDArray[np.int64]) -> list[tuple[float, int]]:
    """Place (in bins, of a plateau its middle) and height of each peak, the darkest first."""
    least = int(heights.max()) / RARE
    starts = [0, *(np.flatnonzero(np.diff(heights)) + 1).tolist(), heights.size]
    found = []
    for start, end in pairwise(starts):  # runs of equal heights
        height = int(heights[start])
        around = heights[max(0, start - REACH) : end + REACH]
        if start > 0 and end < heights.size and height >= least and height == int(around.max()):
            found.append(((start + end - 1) / 2, height))
    return found


def _no_peak() -> CcdsError:
    return CcdsError(
        expected="a histogram with a peak, of white matter",
        found="none",
        do="take another mask or step, or leave the image out",
    )
