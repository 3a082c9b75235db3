"""The windows that a volume is looked at through: CT by what radiologists call them, in HU; all else by percentiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.volume import Volume

CT = "CT"
_SAMPLE = 1 << 18


@dataclass(frozen=True, slots=True)
class Window:
    """A range of intensities that is drawn from black to white.

    Args:
        name: what it is called.
        level: its middle.
        width: from black to white, above 0.
    """

    name: str
    level: float
    width: float

    @property
    def low(self) -> float:
        """What is black."""
        return self.level - self.width / 2

    @property
    def high(self) -> float:
        """What is white."""
        return self.level + self.width / 2


CT_WINDOWS = (
    Window("Soft tissue", 40, 400),
    Window("Brain", 40, 80),
    Window("Subdural", 50, 200),
    Window("Stroke", 40, 40),
    Window("Bone", 450, 1500),
    Window("Lung", -600, 1500),
    Window("Liver", 30, 150),
)
"""The first is what a CT opens with."""

_PERCENTILES = ((1.0, 99.0), (0.1, 99.9), (5.0, 95.0))
_ALL = "0–100 %"


def windows_of(modality: str, volume: Volume) -> tuple[Window, ...]:
    """The windows that are offered for `volume`, the one that it opens with first."""
    if modality == CT:
        return CT_WINDOWS
    wanted = [edge for pair in _PERCENTILES for edge in pair]
    edges = np.percentile(_sample(volume.voxels), wanted).reshape(-1, 2).tolist()
    names = [*(f"{low:g}–{high:g} %" for low, high in _PERCENTILES), _ALL]
    edges.append((float(volume.voxels.min()), float(volume.voxels.max())))
    return tuple(
        Window(name, (darkest + brightest) / 2, brightest - darkest if brightest > darkest else 1.0)
        for name, (darkest, brightest) in zip(names, edges, strict=True)
    )


def _sample(voxels: npt.NDArray[np.number[Any]]) -> npt.NDArray[np.number[Any]]:
    """About as many voxels as percentiles need, evenly along each axis: a stride through all would meet the rows' length."""
    step = max(1, math.ceil((voxels.size / _SAMPLE) ** (1 / 3)))
    return voxels[tuple(slice(min(step, length) // 2, None, step) for length in voxels.shape)]


def unit_of(modality: str) -> str:
    """What a voxel's value is in: HU of CT, arbitrary units of all else."""
    return "HU" if modality == CT else "au"
