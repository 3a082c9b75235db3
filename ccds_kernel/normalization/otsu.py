"""Otsu's threshold between background and body (Otsu, IEEE Trans. SMC 9, 1979)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.volume import blocks

BINS = 256


def otsu_threshold(voxels: npt.NDArray[Any]) -> float:
    """The edge of a 256-bin histogram that parts the voxels into the two classes farthest apart.

    Args:
        voxels: (i, j, k), finite, the first axis fastest in memory; not all the same.

    Returns:
        The threshold; the brighter class is above it.
    """
    edges = np.linspace(float(voxels.min()), float(voxels.max()), BINS + 1)
    counts = np.zeros(BINS, dtype=np.int64)
    for block in blocks(voxels):
        counts += np.histogram(block.astype(np.float64), edges)[0]
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = voxels.size - below
    moments = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):  # a split with an empty class is no split
        apart = below * above * (moments[:-1] / below - (moments[-1] - moments[:-1]) / above) ** 2
    return float(edges[1:-1][int(np.nanargmax(apart))])
