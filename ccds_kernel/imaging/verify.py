"""Whether a NIfTI image is what pydicom reads from the DICOM files: shape, affine, voxels.

Two questions, in this order. `layout` asks dcm2niix's own affine which axes are turned, and whether it means the same stack:
shape, in-plane axes and the slice that it starts from must agree, the distance of the slices within the tolerance of the
grid. Its affine is then replaced by the grid's, because it extrapolates the first two positions: 1.3 mm off over 300 slices
whose positions are written to a hundredth of a millimetre. `verify` asks whether, in the image as it will be published,
every corner of every slice lies where that slice's own header puts it, and whether the voxels there are its pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from pydicom.pixels.utils import iter_pixels

from ccds_kernel.imaging.correction import write_corrected
from ccds_kernel.imaging.geometry import Array, Grid, grid_tolerance_mm, plane_of
from ccds_kernel.imaging.plane import Frame
from ccds_kernel.imaging.verdict import QuarantineError
from ccds_kernel.imaging.volume import workers

BEST_MM = 1e-3
"""The best-fitting slice lies at most this far from where its header puts it."""

WORST_MM = 0.02
"""The worst-fitting slice lies at most this far from it, beyond what the positions themselves stray from an even grid."""

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
        slices_compared: how many slices were compared voxel by voxel: all. A sample would miss a slice whose compressed
            pixels are corrupt, which costs a second decoding.
    """

    best_mm: float
    worst_mm: float
    slices_compared: int


@dataclass(frozen=True, slots=True)
class StoredValues:
    """Which values the pixels of a series may have.

    Args:
        bits: BitsStored.
        signed: whether PixelRepresentation says two's complement.
        paddings: values of pixels outside of the image, which may need more bits.
        overlay: whether the other bits hold an overlay, as the headers say; they are blanked then, else looked at.
    """

    bits: int
    signed: bool
    paddings: frozenset[float]
    overlay: bool

    def hold(self, pixels: npt.NDArray[np.generic]) -> bool:
        """Whether all `pixels` are such values."""
        low, high = (-(1 << self.bits - 1), (1 << self.bits - 1) - 1) if self.signed else (0, (1 << self.bits) - 1)
        if int(pixels.min()) >= low and int(pixels.max()) <= high:
            return True
        values = pixels.astype(np.int64)
        outside = values[(values < low) | (values > high)]
        return bool(np.all(np.isin(outside, list(self.paddings))))


@dataclass(frozen=True, slots=True)
class Layout:
    """How dcm2niix laid the slices out.

    Args:
        shape: columns, rows, slices: the image's i, j, k.
        times: how many time points.
        turned: which of i, j, k run against DICOM's column, row and slice order.
        drift_mm: how far dcm2niix's affine strays from the headers at its worst slice.
    """

    shape: tuple[int, int, int]
    times: int
    turned: tuple[bool, bool, bool]
    drift_mm: float

    def affine(self, grid: Grid) -> Array:
        """The grid's affine for this layout: voxel to RAS, mm, (4, 4)."""
        turn = np.diag([*(-1.0 if turned else 1.0 for turned in self.turned), 1.0])
        turn[:3, 3] = [size - 1 if turned else 0 for size, turned in zip(self.shape, self.turned, strict=True)]
        return grid.affine() @ turn


def layout(image: Path, grid: Grid, size: tuple[int, int]) -> Layout:
    """How `image`, just written by dcm2niix, holds the slices of `grid`.

    Args:
        image: the .nii.
        grid: the slices, by pydicom's numbers.
        size: rows and columns of the DICOM images.

    Raises:
        QuarantineError: it is not the same stack.
    """
    volume: Any = nib.Nifti1Image.from_filename(image)  # nibabel's methods carry no type hints
    shape, times = (size[1], size[0], len(grid.frames)), len(grid.volumes)
    if tuple(volume.shape) != (shape if times == 1 else (*shape, times)):
        raise QuarantineError("geometry-mismatch", f"shape {tuple(volume.shape)} instead of {shape}, {times} time(s)")
    along = np.sum(volume.affine[:3, :3] * grid.affine()[:3, :3], axis=0)
    i, j, k = (bool(value < 0) for value in along)
    turned = (i, j, k)
    if (
        grid.unevenness is not None
    ):  # its affine says nothing true of such slices, which are compared and moved by their headers
        return Layout(shape, times, turned, 0.0)
    errors = slice_errors(volume.affine, grid, Layout(shape, times, turned, 0.0))
    best, worst = float(errors.min()), float(errors.max())
    # Of enhanced files with several time points it takes the frames' distance over all of them; the voxels tell what is where.
    if times == 1 and (best > BEST_MM or worst > WORST_MM + grid_tolerance_mm(grid.spacing[2]) * shape[2]):
        raise QuarantineError(
            "geometry-mismatch", f"dcm2niix puts slices {best:.4f} to {worst:.4f} mm from where their headers do"
        )
    return Layout(shape, times, turned, worst)


def corrected_layout(image: Path, grid: Grid, laid: Layout) -> Layout:
    """Brings the voxels of `image`, which were verified, onto the even grid; how it holds them now.

    Raises:
        ValueError: the grid has nothing to correct.
    """
    if grid.unevenness is None:
        raise ValueError("expected a grid to correct")
    columns, rows, slices = write_corrected(image, laid.turned, grid.unevenness, grid.spacing[2])
    return Layout((columns, rows, slices), laid.times, (False, False, False), 0.0)


def verify(image: Path, grid: Grid, laid: Layout, *, stored: StoredValues, lossy: bool) -> Checked:
    """Compares an uncompressed NIfTI image with the DICOM files of `grid`.

    Args:
        image: the .nii with the affine that it will be published with, or dcm2niix's raw one where the grid is to be corrected.
        grid: the slices, by pydicom's numbers.
        laid: how the image holds them.
        stored: which values pixels may have.
        lossy: allow `LOSSY_TOLERANCE`.

    Raises:
        QuarantineError: it differs, or pydicom can't decode the pixels.
    """
    volume: Any = nib.Nifti1Image.from_filename(image)
    best, worst = (0.0, 0.0) if grid.unevenness is not None else _check_places(volume, grid, laid)
    _compare_voxels(volume.dataobj, grid, laid, stored, LOSSY_TOLERANCE if lossy else 0)
    return Checked(best, worst, sum(map(len, grid.volumes)))


def _check_places(volume: Any, grid: Grid, laid: Layout) -> tuple[float, float]:  # noqa: ANN401 - nibabel has no type hints
    errors = slice_errors(volume.get_sform(), grid, laid)
    best = float(errors.min())
    worst = float(errors.max())
    if volume.header["qform_code"] > 0:
        worst = max(worst, float(slice_errors(volume.get_qform(), grid, laid).max()))
    if best > BEST_MM or worst > WORST_MM + grid.deviation_mm:
        raise QuarantineError(
            "geometry-mismatch", f"slices lie {best:.4f} to {worst:.4f} mm from where their headers put them"
        )
    return best, worst


def slice_errors(affine: Array, grid: Grid, laid: Layout) -> Array:
    """Largest distance, over its four corners, of each slice from where its own header puts it, mm. Shape (slices,)."""
    columns, rows, count = laid.shape
    planes = [plane_of(frame) for frame in grid.frames]
    position = np.array([plane.position for plane in planes])
    row = np.array([plane.along_row for plane in planes]) * np.array([[plane.spacing[1]] for plane in planes])
    column = np.array([plane.along_column for plane in planes]) * np.array([[plane.spacing[0]] for plane in planes])
    slices = np.arange(count, dtype=np.float64)
    errors = np.zeros(count)
    for c in (0, columns - 1):
        for r in (0, rows - 1):
            expected = (position + c * row + r * column) * _LPS_TO_RAS
            i = columns - 1 - c if laid.turned[0] else c
            j = rows - 1 - r if laid.turned[1] else r
            k = count - 1 - slices if laid.turned[2] else slices
            voxel = np.column_stack([np.full(count, float(i)), np.full(count, float(j)), k])
            found = voxel @ affine[:3, :3].T + affine[:3, 3]
            errors = np.maximum(errors, np.linalg.norm(found - expected, axis=1))
    return errors


def _slice(voxels: npt.NDArray[np.generic], place: tuple[int, int], laid: Layout) -> npt.NDArray[np.generic]:
    """A slice of the grid at a time, `place`, as (rows, columns) in DICOM's order."""
    index, time = place
    plane = voxels[:, :, -1 - index if laid.turned[2] else index]
    plane = (plane if laid.times == 1 else plane[..., time]).T
    return plane[:: -1 if laid.turned[1] else 1, :: -1 if laid.turned[0] else 1]


def _compare_voxels(
    proxy: Any,  # noqa: ANN401 - nibabel does not type its array proxies
    grid: Grid,
    laid: Layout,
    stored: StoredValues,
    tolerance: int,
) -> None:
    unscaled: npt.NDArray[np.generic] = proxy.get_unscaled()
    scaling = (float(proxy.slope), float(proxy.inter))
    _check_volumes_differ(unscaled, laid)
    by_image: dict[Path, dict[int, list[tuple[Frame, tuple[int, int]]]]] = {}
    for time, volume in enumerate(grid.volumes):
        for k, frame in enumerate(volume):
            by_image.setdefault(frame.path, {}).setdefault(frame.index, []).append((frame, (k, time)))

    def compare(path: Path, images: dict[int, list[tuple[Frame, tuple[int, int]]]]) -> None:
        indices = sorted(images)
        for index, pixels in zip(indices, _decoded(path, indices, blanked=stored.overlay), strict=True):
            if not stored.hold(pixels):
                raise QuarantineError("value-range", f"an image has values of more than {stored.bits} bits")
            for frame, place in images[index]:
                if not _same(_slice(unscaled, place, laid), scaling, _part(pixels, frame), frame, tolerance):
                    where = f"slice {place[0] + 1} of {len(grid.frames)}"
                    raise QuarantineError("voxel-mismatch", f"{where} differs from what pydicom reads")

    with ThreadPoolExecutor(workers()) as pool:
        for done in [pool.submit(compare, path, images) for path, images in by_image.items()]:
            done.result()


def _check_volumes_differ(unscaled: npt.NDArray[np.generic], laid: Layout) -> None:
    """Refuses a series whose volumes are one volume, stored again under other numbers."""
    for time in range(1, laid.times):
        if np.array_equal(unscaled[..., time - 1], unscaled[..., time]):
            raise QuarantineError(
                "several-volumes", f"volume {time + 1} of {laid.times} holds the same values as the one before"
            )


def _part(pixels: npt.NDArray[np.generic], frame: Frame) -> npt.NDArray[np.generic]:
    if frame.tile is None:
        return pixels
    row, column, rows, columns = frame.tile
    return pixels[row : row + rows, column : column + columns]


def _decoded(path: Path, indices: Sequence[int], *, blanked: bool) -> Iterator[npt.NDArray[np.generic]]:
    """The stored values, (rows, columns), of images of one file; `blanked`: without the bits that are no part of them."""
    try:
        yield from iter_pixels(path, indices=indices, raw=True, correct_unused_bits=blanked)
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
