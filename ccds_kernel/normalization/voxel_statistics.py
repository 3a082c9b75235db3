"""Mean, standard deviation and percentiles of voxels: exact, in double precision, the same to the bit everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.masks import constant


def mean_and_deviation(blocks: Callable[[], Iterable[npt.NDArray[Any]]]) -> tuple[float, float]:
    """Mean and population standard deviation.

    Args:
        blocks: gives the voxels, flat, a block at a time; called twice. At least one.

    Raises:
        CcdsError: all are the same: nothing is divided by the rounding error of their deviation.
    """
    sums = [
        (values.size, float(values.astype(np.float64).sum()), float(values.min()), float(values.max()))
        for values in blocks()
    ]
    if min(low for *_, low, _ in sums) == max(high for *_, high in sums):
        raise constant()
    count = sum(size for size, *_ in sums)
    mean = math.fsum(total for _, total, _, _ in sums) / count
    variance = math.fsum(float(np.square(values.astype(np.float64) - mean).sum()) for values in blocks()) / count
    return mean, math.sqrt(variance)


def percentiles(values: npt.NDArray[Any], wanted: Sequence[float]) -> list[float]:
    """The percentiles of all `values`, interpolated linearly between ranks.

    Args:
        values: flat, at least one; their order is changed.
        wanted: 0 to 100.
    """
    places = [percent / 100 * (values.size - 1) for percent in wanted]
    values.partition(sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))}))
    return [_between(float(values[math.floor(at)]), float(values[math.ceil(at)]), at % 1) for at in places]


def _between(low: float, high: float, part: float) -> float:
    return low + (high - low) * part
