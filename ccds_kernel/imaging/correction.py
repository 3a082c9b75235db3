"""What a project may opt in to: volumes whose slices lean or lie unevenly, brought onto an even grid by interpolation.

Nothing is corrected unless it was asked for: what lies between slices was never measured. Both corrections interpolate
linearly between the stored values of dcm2niix's raw image, whose voxels have been compared with the files before: dcm2niix's
own corrected image is not used, since nothing could be compared with it. Pixels that no slice covers get the image's least value.

- `gantry-tilt`: each slice is moved in its plane by what it leans; the matrix grows so that nothing is cut off.
- `variable-spacing`: slices at the median distance, from the first to the last; each between its two neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Voxels = npt.NDArray[Any]


class Correction(StrEnum):
    """What may be corrected."""

    GANTRY_TILT = "gantry-tilt"
    VARIABLE_SPACING = "variable-spacing"


CORRECTED = "corrected by interpolation"
"""How the line begins that tells of a volume that it was corrected."""

_CORRECTED_BY = {
    "gantry-tilt": Correction.GANTRY_TILT,
    "irregular-spacing": Correction.VARIABLE_SPACING,
    "missing-slices": Correction.VARIABLE_SPACING,
}


def corrections_for(codes: Iterable[str]) -> frozenset[Correction]:
    """What has to be corrected of a series that was quarantined with one of `codes`."""
    return frozenset(_CORRECTED_BY[code] for code in codes if code in _CORRECTED_BY)


@dataclass(frozen=True, slots=True)
class Unevenness:
    """How the slices of a stack lie off an even grid.

    Args:
        heights: of each slice above the first, along the normal, mm.
        aside: how far each lies aside from the normal through the first: in columns, in rows.
        tilt_degrees: how the stack leans.
    """

    heights: tuple[float, ...]
    aside: tuple[tuple[float, float], ...]
    tilt_degrees: float

    def margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """How many columns, and rows, the even grid has before and after those of the first slice."""
        columns, rows = np.array(self.aside).T
        before_after = [(max(0, int(-np.floor(a.min()))), max(0, int(np.ceil(a.max())))) for a in (columns, rows)]
        return before_after[0], before_after[1]

    def slices(self, distance: float) -> int:
        """How many slices the even grid has, `distance` mm apart."""
        return int(np.floor(self.heights[-1] / distance + 1e-6)) + 1


def corrected(voxels: Voxels, unevenness: Unevenness, distance: float) -> Voxels:
    """`voxels` (columns, rows, slices; as stored) on the even grid of slices `distance` mm apart.

    The first voxel of the result lies `margins` columns and rows before that of the first slice.
    """
    fill = voxels.min()
    (left, right), (above, below) = unevenness.margins()
    columns, rows, count = voxels.shape
    upright = np.full((left + columns + right, above + rows + below, count), float(fill))
    for k, (aside_columns, aside_rows) in enumerate(unevenness.aside):
        plane = voxels[:, :, k].astype(np.float64)
        moved = _moved(plane, left + aside_columns, upright.shape[0], fill)
        upright[:, :, k] = _moved(moved.T, above + aside_rows, upright.shape[1], fill).T
    heights = np.array(unevenness.heights)
    wanted = np.arange(unevenness.slices(distance)) * distance
    below_it = np.clip(np.searchsorted(heights, wanted, side="right") - 1, 0, count - 2)
    weight = np.clip((wanted - heights[below_it]) / (heights[below_it + 1] - heights[below_it]), 0, 1)
    even = upright[:, :, below_it] * (1 - weight) + upright[:, :, below_it + 1] * weight
    result: Voxels = np.rint(even).astype(voxels.dtype) if voxels.dtype.kind in "iu" else even.astype(voxels.dtype)
    return result


def _moved(plane: Array, shift: float, length: int, fill: float) -> Array:
    """`plane` moved by `shift` (0 or more) along its first axis into `length` lines, linearly interpolated."""
    whole = int(np.floor(shift))
    part = shift - whole
    padded = np.full((length + 1, plane.shape[1]), float(fill))
    end = min(whole + plane.shape[0], length + 1)
    padded[whole:end] = plane[: end - whole]
    before = np.vstack([np.full((1, plane.shape[1]), float(fill)), padded[:-2]])
    moved: Array = padded[:length] * (1 - part) + before * part
    return moved


def write_corrected(
    image: Path, turned: tuple[bool, bool, bool], unevenness: Unevenness, distance: float
) -> tuple[int, int, int]:
    """Replaces the voxels of the uncompressed NIfTI-1 `image` by their corrected ones, in DICOM's order; their shape.

    Args:
        image: dcm2niix's raw image, whose voxels have been checked.
        turned: which of its axes run against DICOM's.
        unevenness: how its slices lie.
        distance: between the slices of the result, mm.
    """
    volume: Any = nib.Nifti1Image.from_filename(image)
    voxels = volume.dataobj.get_unscaled()
    result = corrected(voxels[tuple(slice(None, None, -1 if axis else 1) for axis in turned)], unevenness, distance)
    header = volume.header.copy()
    header.set_data_shape(result.shape)
    header["scl_slope"], header["scl_inter"] = volume.dataobj.slope, volume.dataobj.inter
    header["vox_offset"] = 352
    swapped = result.astype(result.dtype.newbyteorder(header.endianness))
    image.write_bytes(header.binaryblock + bytes(4) + swapped.tobytes(order="F"))
    columns, rows, slices = result.shape
    return columns, rows, slices
