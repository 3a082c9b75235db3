"""From intensities to what is drawn: grey values of pictures, bars of histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.volume import Voxels, blocks

BINS = 64
_SAMPLE = 1 << 20
_ROBUST = (0.1, 99.9)
_WHITE = 255


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many voxels have which intensity.

    Args:
        low: where the first bar begins.
        high: where the last bar ends.
        counts: of `BINS` bars of equal width; the first and last also hold all voxels beyond them.
    """

    low: float
    high: float
    counts: tuple[int, ...]


def histogram(voxels: Voxels) -> Histogram:
    """The histogram over a range that leaves out the last thousandth at either end (of a sample of a million voxels)."""
    flat = voxels.reshape(-1, order="F")
    sample = flat[:: max(1, flat.size // _SAMPLE)]
    low, high = (float(edge) for edge in np.percentile(sample, _ROBUST))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    counts = np.zeros(BINS, dtype=np.int64)
    for block in blocks(voxels):
        bars = (block.astype(np.float32) - np.float32(low)) * np.float32(BINS / (high - low))
        counts += np.bincount(np.clip(bars, 0, BINS - 1).astype(np.intp), minlength=BINS)
    return Histogram(low, high, tuple(int(count) for count in counts))


def grey(picture: npt.NDArray[Any], low: float, high: float) -> bytes:
    """The picture's rows as bytes: `low` and below black, `high` and above white, straight between.

    Args:
        picture: (rows, columns).
        low: intensity.
        high: intensity; where it is no more than `low` everything up to it is black.
    """
    if high <= low:
        return bytes(np.where(picture > high, np.uint8(_WHITE), np.uint8(0)).tobytes())
    shade = (picture.astype(np.float32) - np.float32(low)) * np.float32(_WHITE / (high - low))
    return bytes(np.rint(np.clip(shade, 0, _WHITE)).astype(np.uint8).tobytes())
