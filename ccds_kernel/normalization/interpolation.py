"""Values between voxels, one axis after the other.

The axes of a resampled volume keep their directions, so a value is interpolated along j, then i, then k: a few
multiplications in a slice that fits the cache, instead of a search in the whole volume for each voxel. One NumPy operation at
a time, on one thread, none of them a sum whose order could differ: the results are the same to the bit whatever the
processor. Decided against SimpleITK, which took three times as long and a second copy of the volume for the same values
(within 0.0004 on noise from -1000 to 1500 HU).

Nothing is smoothed before downsampling (as in MONAI and ITK): detail finer than the new spacing aliases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.volume import Voxels

SNAP = 9
"""Positions are rounded to this many decimals of a voxel, so that those that are meant to lie on a voxel do."""

EDGE = 1e-3
"""A new voxel less than this part of itself inside the field of view is left out: headers hold spacings with seven digits."""


class Interpolation(StrEnum):
    """How a value between voxels is found."""

    NEAREST = "nearest"
    """The nearest voxel, half way the one with the greater index: for masks and labels; keeps the type."""
    LINEAR = "linear"
    """Between the two neighbours along each axis."""
    CUBIC = "cubic"
    """Through the four neighbours along each axis (Keys 1981, a = -0.5); sharper, may overshoot at edges."""


@dataclass(frozen=True, slots=True)
class Taps:
    """What each new voxel along one axis is made of: `old[at] + sum(weight * (old[other] - old[at]))`.

    A constant stays that constant exactly, a new voxel on an old one keeps its value exactly.

    Args:
        at: (n,), the old voxel at or before each new one.
        others: the further old voxels, each (n,).
        weights: theirs, float32.
    """

    at: npt.NDArray[np.intp]
    others: tuple[npt.NDArray[np.intp], ...] = ()
    weights: tuple[npt.NDArray[np.float32], ...] = ()


def length_after(length: int, step: float) -> int:
    """How many voxels `step` old voxels apart have their centre inside an axis of `length` old voxels.

    The first lies on the first old one. The field of view ends half a voxel beyond the last centre; there the last value
    is repeated, nowhere else.
    """
    return max(1, math.ceil((length - 0.5) / step - EDGE))


def taps(length: int, step: float, kind: Interpolation) -> Taps:
    """The taps of `length_after(length, step)` new voxels on an axis of `length` old ones."""
    positions = np.round(np.arange(length_after(length, step)) * step, SNAP)

    def clamped(index: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        return np.clip(index, 0, length - 1).astype(np.intp)

    if kind is Interpolation.NEAREST:
        return Taps(clamped(np.floor(positions + 0.5)))
    before = np.floor(positions)
    w = positions - before
    if kind is Interpolation.LINEAR:
        return Taps(clamped(before), (clamped(before + 1),), (w.astype(np.float32),))
    keys = {-1: ((-0.5 * w + 1) * w - 0.5) * w, 1: ((-1.5 * w + 2) * w + 0.5) * w, 2: (0.5 * w - 0.5) * w * w}
    return Taps(
        clamped(before),
        tuple(clamped(before + offset) for offset in keys),
        tuple(weights.astype(np.float32) for weights in keys.values()),
    )


def resampled(voxels: Voxels, steps: tuple[float, float, float], kind: Interpolation) -> Voxels:
    """New voxels `steps` old ones apart along i, j, k, the first on the first; one thread.

    Args:
        voxels: (i, j, k), the first axis fastest in memory.
        steps: how far new voxels are apart, in old voxels; 1 leaves an axis as it is.
        kind: how a value between voxels is found.

    Returns:
        `length_after` voxels along each axis; float32, or the type of `voxels` where `kind` is NEAREST.
    """
    along_i, along_j, along_k = (
        None if step == 1 else taps(length, step, kind) for length, step in zip(voxels.shape, steps, strict=True)
    )
    dtype = voxels.dtype if kind is Interpolation.NEAREST else np.dtype(np.float32)
    shape = tuple(length_after(length, step) for length, step in zip(voxels.shape, steps, strict=True))
    new: Voxels = np.empty(shape, dtype, order="F")
    old_slices, new_slices = voxels.T, new.T  # (k, j, i): each slice lies together in memory
    recent: dict[int, npt.NDArray[np.generic]] = {}

    def plane(k: int) -> npt.NDArray[np.generic]:
        """Old slice `k`, resampled within itself; kept until the slices after it are done."""
        if k not in recent:
            rows = _along(old_slices[k].astype(dtype, copy=False), along_j, 0)
            recent[k] = _along(rows, along_i, 1)
        return recent[k]

    for k in range(shape[2]):
        if along_k is None:
            new_slices[k] = plane(k)
            recent.clear()
            continue
        needed = [(int(other[k]), weight[k]) for other, weight in zip(along_k.others, along_k.weights, strict=True)]
        needed = [(index, weight) for index, weight in needed if weight]
        for old in [old for old in recent if old < min([int(along_k.at[k]), *(index for index, _ in needed)])]:
            del recent[old]
        base = plane(int(along_k.at[k]))
        new_slices[k] = base
        for index, weight in needed:
            difference = np.subtract(plane(index), base)
            difference *= weight
            new_slices[k] += difference
    return new


def _along(plane: npt.NDArray[np.generic], taps: Taps | None, axis: int) -> npt.NDArray[np.generic]:
    """`plane` (j, i) resampled along one of its axes."""
    if taps is None:
        return plane
    base = np.take(plane, taps.at, axis)
    new = base
    for other, weights in zip(taps.others, taps.weights, strict=True):
        part = np.take(plane, other, axis)
        part -= base
        part *= weights[:, np.newaxis] if axis == 0 else weights
        new = new + part
    return new
