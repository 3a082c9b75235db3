"""The windows that a volume is looked at through: CT by what radiologists call them, in HU; all else by percentiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

_PERCENTILES = ((1.0, 99.0), (0.1, 99.9), (5.0, 95.0), (0.0, 100.0))


def windows_of(modality: str, volume: Volume) -> tuple[Window, ...]:
    """The windows that are offered for `volume`, the one that it opens with first."""
    if modality == CT:
        return CT_WINDOWS
    flat = volume.voxels.reshape(-1, order="F")
    sample = flat[:: max(1, flat.size // _SAMPLE)]
    edges = np.percentile(sample, [edge for pair in _PERCENTILES for edge in pair]).reshape(-1, 2).tolist()
    return tuple(
        Window(f"{low:g}–{high:g} %", (darkest + brightest) / 2, brightest - darkest if brightest > darkest else 1.0)
        for (low, high), (darkest, brightest) in zip(_PERCENTILES, edges, strict=True)
    )


def unit_of(modality: str) -> str:
    """What a voxel's value is in: HU of CT, arbitrary units of all else."""
    return "HU" if modality == CT else "au"
