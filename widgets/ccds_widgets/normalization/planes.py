"""How a volume is cut into the pictures that a radiologist knows, and which slices of two volumes belong together.

Radiological convention, whatever order the file has its axes in: the patient's right is on the left of axial and coronal
pictures, anterior is up in axial ones and on the left of sagittal ones, superior is up elsewhere. Volumes are cut along their
own axes, so that no picture is interpolated; an oblique volume's slices are tilted, which is said beside them.

A *position* is where a slice crosses a line through the middle of the volume as it was scanned, as the coordinate along the
patient's axis (RAS, mm). Two grids differ in spacing and length: slices are linked by it, never by their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.steps.reorient import LETTERS, Turn, turns_to
from ccds_kernel.normalization.volume import AXES, Affine, Volume, spacing_of


class Plane(StrEnum):
    """What a picture shows."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


_RUNS_TO = {Plane.AXIAL: "LPS", Plane.CORONAL: "LIA", Plane.SAGITTAL: "PIR"}
"""The sides that a picture's columns (to the right), its rows (downwards) and the slices' numbers run to."""

_OPPOSITE = {pair[at]: pair[1 - at] for pair in LETTERS for at in (0, 1)}


@dataclass(frozen=True, slots=True)
class Cut:
    """A volume as a stack of pictures.

    Args:
        turns: for x, y and slice number, which of the volume's axes it is and whether that runs the other way.
        size: pixels along x and y, and the number of slices.
        spacing_mm: along x, y and from slice to slice.
        first_mm: the position of slice 0.
        step_mm: from slice to slice, positive.
        axis: the patient's axis that positions lie on: 0 (R), 1 (A) or 2 (S).
        edges: letters of the picture's left, right, top and bottom edge.
        tilt_deg: between the slices and the plane that they are called.
    """

    turns: tuple[Turn, ...]
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    first_mm: float
    step_mm: float
    axis: int
    edges: str
    tilt_deg: float

    @classmethod
    def of(cls, volume: Volume, plane: Plane, middle: npt.NDArray[np.float64]) -> Self:
        """`volume` cut along `plane`.

        Args:
            volume: is not copied.
            plane: how.
            middle: (3,), the point in RAS, mm, through which the line of positions runs.
        """
        codes = _RUNS_TO[plane]
        turns = turns_to(volume.affine, codes)
        shape, lengths = volume.voxels.shape, spacing_of(volume.affine)
        axis = next(row for row, pair in enumerate(LETTERS) if codes[2] in pair)
        turned = _turned(volume.affine, shape, turns)
        x, y, z = turned[:3, 0], turned[:3, 1], turned[:3, 2]
        normal = np.cross(x, y)
        first = middle[axis] - normal @ (middle - turned[:3, 3]) / (normal @ z) * z[axis]
        upright = abs(normal[axis]) / np.linalg.norm(normal)
        right, bottom = codes[0], codes[1]
        i, j, k = (old for old, _ in turns)
        return cls(
            turns,
            (shape[i], shape[j], shape[k]),
            (lengths[i], lengths[j], lengths[k]),
            float(first),
            float(z[axis]),
            axis,
            _OPPOSITE[right] + right + _OPPOSITE[bottom] + bottom,
            float(np.degrees(np.arccos(min(1.0, upright)))),
        )

    def slice(self, volume: Volume, number: int) -> npt.NDArray[Any]:
        """Slice `number` of `volume`, which this is a cut of: (rows, columns), a view."""
        return self.picture(volume.voxels, number)

    def picture(self, voxels: npt.NDArray[Any], number: int) -> npt.NDArray[Any]:
        """Slice `number` of other voxels on the same grid, such as a mask's: (rows, columns), a view."""
        turned = voxels.transpose([old for old, _ in self.turns])
        turned = turned[tuple(slice(None, None, -1 if flipped else 1) for _, flipped in self.turns)]
        return turned[:, :, number].T

    def voxel(self, x: int, y: int, number: int) -> tuple[int, int, int]:
        """The volume's voxel (i, j, k) at a pixel of slice `number`."""
        place = [0] * AXES
        for at, length, (old, flipped) in zip((x, y, number), self.size, self.turns, strict=True):
            place[old] = length - 1 - at if flipped else at
        return place[0], place[1], place[2]

    def pixel(self, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
        """Column, row and slice number of the volume's voxel (i, j, k)."""
        at = [
            length - 1 - voxel[old] if flipped else voxel[old]
            for length, (old, flipped) in zip(self.size, self.turns, strict=True)
        ]
        return at[0], at[1], at[2]

    def position(self, number: int) -> float:
        """The position of slice `number`, mm."""
        return self.first_mm + number * self.step_mm

    def nearest(self, position: float) -> int:
        """The number of the slice whose position is nearest."""
        return min(max(round((position - self.first_mm) / self.step_mm), 0), self.size[2] - 1)


def _turned(affine: Affine, shape: tuple[int, ...], turns: tuple[Turn, ...]) -> Affine:
    """The affine of a volume with its axes turned by `turns`."""
    turned = affine.copy()
    for new, (old, flipped) in enumerate(turns):
        turned[:3, new] = -affine[:3, old] if flipped else affine[:3, old]
        if flipped:
            turned[:3, 3] += (shape[old] - 1) * affine[:3, old]
    return turned
