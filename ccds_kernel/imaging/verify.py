"""Whether a NIfTI image is what pydicom reads from the DICOM files: shape, affine, voxels.

dcm2niix stores the columns of an image along i, its rows upside down along j, the slices along k. Nothing of this is
assumed: the affine says which axis is turned, every corner of every slice must then lie where its own header puts it,
and voxels are compared in that order, as real values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from pydicom.pixels.utils import iter_pixels

from ccds_kernel.imaging.geometry import Array, Grid
from ccds_kernel.imaging.plane import Frame, Plane
from ccds_kernel.imaging.verdict import QuarantineError
from ccds_kernel.imaging.volume import workers

BEST_MM = 1e-3
"""The best-fitting slice lies at most this far from where its header puts it."""

WORST_MM = 0.02
"""The worst-fitting slice lies at most this far from it, beyond what the positions themselves stray from an even grid."""

SAMPLE = 8
"""How many slices are compared when decoding is dear (compressed files): the ends and evenly between."""

REAL_TOLERANCE = 1e-6
"""Relative to the slice's largest value, where the NIfTI holds other numbers than the DICOM files: float32's precision."""

LOSSY_TOLERANCE = 2
"""Stored units; decoders of lossy JPEG round differently."""

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Checked:
    """What was measured on an image that passed.

    Args:
        best_mm: distance of the best-fitting slice's corners from where the headers put them.
        worst_mm: the same for the worst-fitting slice.
        slices_compared: how many slices were compared voxel by voxel.
        shape: i, j, k.
    """

    best_mm: float
    worst_mm: float
    slices_compared: int
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Axes:
    """Which axes of the image run against DICOM's column, row and slice order."""

    turned: tuple[bool, bool, bool]

    def slice_of(self, voxels: npt.NDArray[np.generic], index: int) -> npt.NDArray[np.generic]:
        """Slice `index` of the grid, as (rows, columns) in DICOM's order."""
        plane = voxels[:, :, -1 - index if self.turned[2] else index].T
        return plane[:: -1 if self.turned[1] else 1, :: -1 if self.turned[0] else 1]


def verify(image: Path, grid: Grid, size: tuple[int, int], *, sample: bool, lossy: bool) -> Checked:
    """Compares an uncompressed NIfTI image with the DICOM files of `grid`.

    Args:
        image: the .nii.
        grid: the slices, by pydicom's numbers.
        size: rows and columns of the DICOM images.
        sample: compare only `SAMPLE` slices, not all.
        lossy: allow `LOSSY_TOLERANCE`.

    Raises:
        QuarantineError: it differs, or pydicom can't decode the pixels.
    """
    volume: Any = nib.Nifti1Image.from_filename(image)  # nibabel's methods carry no type hints
    rows, columns = size
    shape = (columns, rows, len(grid.frames))
    if tuple(volume.shape) != shape:
        raise QuarantineError("geometry-mismatch", f"shape {tuple(volume.shape)} instead of {shape}")
    axes = _axes(volume.affine, grid)
    errors = _slice_errors(volume.get_sform(), grid, shape, axes)
    best, worst = float(errors.min()), float(errors.max())
    quaternion_worst = float(_slice_errors(volume.get_qform(), grid, shape, axes).max())
    if best > BEST_MM or max(worst, quaternion_worst) > WORST_MM + grid.deviation_mm:
        raise QuarantineError(
            "geometry-mismatch",
            f"slices lie {best:.4f} to {max(worst, quaternion_worst):.4f} mm from where their headers put them",
        )
    count = len(grid.frames)
    chosen = sorted({round(k) for k in np.linspace(0, count - 1, SAMPLE)}) if sample else list(range(count))
    _compare_voxels(volume.dataobj, grid, chosen, axes, LOSSY_TOLERANCE if lossy else 0)
    return Checked(best, worst, len(chosen), shape)


def _plane(frame: Frame) -> Plane:
    if frame.plane is None:
        raise ValueError("expected a grid's frames to have planes")
    return frame.plane


def _steps(grid: Grid) -> Array:
    """Columns: the way from one column, row and slice to the next, RAS, mm."""
    plane = _plane(grid.frames[0])
    row, column = np.array(plane.along_row), np.array(plane.along_column)
    steps = np.column_stack([row, column, np.cross(row, column)]) * grid.spacing
    ras: Array = steps * _LPS_TO_RAS[:, None]
    return ras


def _axes(affine: Array, grid: Grid) -> _Axes:
    along = np.sum(affine[:3, :3] * _steps(grid), axis=0)
    i, j, k = (bool(value < 0) for value in along)
    return _Axes((i, j, k))


def _slice_errors(affine: Array, grid: Grid, shape: tuple[int, int, int], axes: _Axes) -> Array:
    """Largest distance, over its four corners, of each slice from where its own header puts it, mm. Shape (slices,)."""
    columns, rows, count = shape
    planes = [_plane(frame) for frame in grid.frames]
    position = np.array([plane.position for plane in planes])
    row = np.array([plane.along_row for plane in planes]) * np.array([[plane.spacing[1]] for plane in planes])
    column = np.array([plane.along_column for plane in planes]) * np.array([[plane.spacing[0]] for plane in planes])
    slices = np.arange(count, dtype=np.float64)
    errors = np.zeros(count)
    for c in (0, columns - 1):
        for r in (0, rows - 1):
            expected = (position + c * row + r * column) * _LPS_TO_RAS
            i = columns - 1 - c if axes.turned[0] else c
            j = rows - 1 - r if axes.turned[1] else r
            k = count - 1 - slices if axes.turned[2] else slices
            voxel = np.column_stack([np.full(count, float(i)), np.full(count, float(j)), k])
            found = voxel @ affine[:3, :3].T + affine[:3, 3]
            errors = np.maximum(errors, np.linalg.norm(found - expected, axis=1))
    return errors


def _compare_voxels(
    proxy: Any,  # noqa: ANN401 - nibabel does not type its array proxies
    grid: Grid,
    chosen: Sequence[int],
    axes: _Axes,
    tolerance: int,
) -> None:
    stored: npt.NDArray[np.generic] = proxy.get_unscaled()
    scaling = (float(proxy.slope), float(proxy.inter))
    by_file = [
        list(group)
        for _, group in groupby(
            sorted(chosen, key=lambda k: str(grid.frames[k].path)), key=lambda k: grid.frames[k].path
        )
    ]

    def compare(slices: list[int]) -> None:
        slices.sort(key=lambda k: grid.frames[k].index)
        frames = [grid.frames[k] for k in slices]
        for k, frame, pixels in zip(slices, frames, _decoded(frames), strict=True):
            if not _same(axes.slice_of(stored, k), scaling, pixels, frame, tolerance):
                raise QuarantineError(
                    "voxel-mismatch", f"slice {k + 1} of {len(grid.frames)} differs from what pydicom reads"
                )

    with ThreadPoolExecutor(workers()) as pool:
        for done in [pool.submit(compare, slices) for slices in by_file]:
            done.result()


def _decoded(frames: Sequence[Frame]) -> Iterator[npt.NDArray[np.generic]]:
    """The stored values, (rows, columns), of frames of one file."""
    try:
        yield from iter_pixels(frames[0].path, indices=[frame.index for frame in frames], raw=True)
    except Exception as error:  # a decoder raises whatever its library does
        raise QuarantineError("undecodable", f"pydicom can't decode an image ({type(error).__name__})") from error


def _same(
    found: npt.NDArray[np.generic],
    scaling: tuple[float, float],
    stored: npt.NDArray[np.generic],
    frame: Frame,
    tolerance: int,
) -> bool:
    """Whether a slice of the NIfTI and an image of the DICOM file hold the same real values; NaN is never the same."""
    if found.shape != stored.shape:
        return False
    unscaled = found.dtype.kind in "iu" and scaling == (
        float(np.float32(frame.slope)),
        float(np.float32(frame.intercept)),
    )
    if unscaled and not tolerance:
        return bool(np.array_equal(found, stored))
    real = found.astype(np.float64) * scaling[0] + scaling[1]
    expected = stored.astype(np.float64) * frame.slope + frame.intercept
    allowed = REAL_TOLERANCE * float(np.max(np.abs(expected))) + tolerance * abs(frame.slope)
    return bool(np.all(np.abs(real - expected) <= allowed))
