"""A volume that is looked at: its time points, how it is cut into the three planes, and where a page finds its voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.imaging.viewer.windows import unit_of, windows_of
from ccds_widgets.normalization.planes import Cut, Plane

PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
_RADIOLOGY = str.maketrans("SI", "HF")
"""DICOM names the ends of the body by head and feet."""

_LPS = np.array([-1.0, -1.0, 1.0, 1.0])

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class OpenVolume:
    """One volume.

    Args:
        entry: which.
        version: of its file.
        times: its time points.
        cuts: how each plane is cut.
    """

    entry: VolumeEntry
    version: str
    times: tuple[Volume, ...]
    cuts: dict[Plane, Cut]

    @classmethod
    def of(cls, entry: VolumeEntry, version: str, times: tuple[Volume, ...]) -> Self:
        """The volume with its cuts, which all time points share."""
        first = times[0]
        middle = np.append((np.array(first.voxels.shape) - 1) / 2, 1)
        cuts = {plane: Cut.of(first, plane, (first.affine @ middle)[:3]) for plane in PLANES}
        return cls(entry, version, times, cuts)

    def told(self) -> Answer:
        """What a page needs to lay slices out and to name places: see `static/geometry.js`."""
        first, modality = self.times[0], self.entry.modality
        return {
            "series": self.entry.series,
            "version": self.version,
            "modality": modality,
            "scanner": self.entry.scanner,
            "unit": unit_of(modality),
            "shape": list(first.voxels.shape),
            "spacing": [round(length, 4) for length in first.spacing_mm],
            "times": len(self.times),
            "to_lps": (first.affine * _LPS[:, None])[:3].tolist(),
            "planes": [_told_cut(plane, cut) for plane, cut in self.cuts.items()],
            "windows": [
                {"name": one.name, "level": one.level, "width": one.width} for one in windows_of(modality, first)
            ],
        }


def _told_cut(plane: Plane, cut: Cut) -> Answer:
    return {
        "plane": plane.value,
        "size": list(cut.size),
        "spacing": list(cut.spacing_mm),
        "turns": [[axis, flipped] for axis, flipped in cut.turns],
        "edges": cut.edges.translate(_RADIOLOGY),
        "tilt": round(cut.tilt_deg, 1),
    }
