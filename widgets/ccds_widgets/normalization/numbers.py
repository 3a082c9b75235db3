"""The intensities of a volume as a table holds them: percentiles, the mean, and the two tissues that Otsu's threshold parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ccds_kernel.normalization.otsu import otsu_threshold
from ccds_kernel.normalization.volume import Voxels

PERCENTILES: Final = (1, 25, 50, 75, 99)
_SAMPLE = 1 << 20


@dataclass(frozen=True, slots=True)
class Tissue:
    """The voxels on one side of Otsu's threshold.

    Args:
        share: of all voxels, 0 to 1.
        mean: their mean.
        deviation: their standard deviation.
    """

    share: float
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """A volume's intensities.

    Args:
        percentiles: those of `PERCENTILES`.
        mean: of all voxels.
        threshold: Otsu's; None where all voxels are the same.
        darker: the voxels up to it; None where there is none.
        brighter: the voxels above it; as `darker`.
        every: of how many voxels one was counted, 1 for all.
    """

    percentiles: tuple[float, ...]
    mean: float
    threshold: float | None
    darker: Tissue | None
    brighter: Tissue | None
    every: int


def numbers_of(voxels: Voxels) -> Numbers:
    """The numbers of `voxels` (i, j, k), finite; of every n-th one where there are more than a million."""
    flat = voxels.reshape(-1, order="F")
    every = max(1, flat.size // _SAMPLE) | 1  # odd: an even stride would keep to some columns of most images
    sample = flat[::every].astype(np.float64)
    percentiles = tuple(float(one) for one in np.percentile(sample, PERCENTILES))
    mean = float(sample.mean())
    if sample.min() == sample.max():
        return Numbers(percentiles, mean, None, None, None, every)
    threshold = otsu_threshold(sample)
    bright = sample > threshold
    return Numbers(percentiles, mean, threshold, _tissue(sample, ~bright), _tissue(sample, bright), every)


def _tissue(sample: np.ndarray, chosen: np.ndarray) -> Tissue | None:
    values = sample[chosen]
    if not values.size:
        return None
    return Tissue(values.size / sample.size, float(values.mean()), float(values.std()))
