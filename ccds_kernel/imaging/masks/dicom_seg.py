"""DICOM Segmentation objects, binary: each frame is a plane of one segment, which must be a plane of the volume.

Its pixels must be as large as the volume's voxels, too: larger ones whose middles lie on some of them would leave holes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from ccds_kernel.imaging.masks.grid import MOST_LABELS, ON_GRID, Labels, Mask, VolumeGrid, misfit

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


def read_seg(data: Dataset, volume: VolumeGrid) -> Mask:
    """The segments of `data` on the grid of `volume`.

    Raises:
        CcdsError: it is no binary segmentation, lies off the grid, or its segments overlap.
    """
    if data.get("SegmentationType") != "BINARY":
        raise misfit(f"a segmentation of type {str(data.get('SegmentationType'))[:16]}, not BINARY")
    pixels = (
        np.atleast_3d(data.pixel_array)
        if data.get("NumberOfFrames", 1) != 1
        else data.pixel_array.reshape(1, data.Rows, data.Columns)
    )
    labels = np.zeros(volume.shape, np.uint8)
    shared = (data.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    apart = _planes_apart(data.PerFrameFunctionalGroupsSequence, shared, volume)
    for plane, group in zip(pixels, data.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(_macro(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        if not 1 <= number <= MOST_LABELS:
            raise misfit(f"segment number {number}")
        place = _place(group, shared)
        _check_pixels(volume, place, plane.shape)
        _check_distance(volume, place, _macro(group, shared, "PixelMeasuresSequence"), apart)
        _lay(labels, volume, plane != 0, number, place)
    names = {int(one.SegmentNumber): str(one.get("SegmentLabel", ""))[:64] for one in data.SegmentSequence}
    return Mask(labels, names, "seg")


def _macro(group: Dataset, shared: Dataset, keyword: str) -> Dataset:
    found: Dataset = (group.get(keyword) or shared.get(keyword) or [Dataset()])[0]
    return found


def _place(group: Dataset, shared: Dataset) -> npt.NDArray[np.float64]:
    """From (column, row, 1) to RAS, mm: (3, 3)."""
    orientation = _macro(group, shared, "PlaneOrientationSequence").ImageOrientationPatient
    row, column = np.array(orientation, float).reshape(2, 3)
    between_rows, between_columns = map(float, _macro(group, shared, "PixelMeasuresSequence").PixelSpacing)
    origin = np.array(_macro(group, shared, "PlanePositionSequence").ImagePositionPatient, float)
    place: npt.NDArray[np.float64] = _LPS_TO_RAS @ np.column_stack(
        [row * between_columns, column * between_rows, origin]
    )
    return place


def _check_pixels(volume: VolumeGrid, place: npt.NDArray[np.float64], shape: tuple[int, ...]) -> None:
    """Refuses a plane of `shape` (rows, columns) whose pixels aren't as large as voxels, along the volume's axes."""
    steps = _in_voxels(volume, place[:, :2])
    whole = np.abs(np.rint(steps))
    off = np.abs(steps - np.rint(steps)) * [shape[1], shape[0]]
    if np.any(whole.sum(axis=0) != 1) or np.any(whole.sum(axis=1) > 1) or np.any(off > ON_GRID):
        wide, high = np.linalg.norm(steps, axis=0)
        raise misfit(f"pixels of {wide:.4g} × {high:.4g} voxels, or turned against them")


def _check_distance(volume: VolumeGrid, place: npt.NDArray[np.float64], measures: Dataset, apart: float) -> None:
    """Refuses planes farther from or nearer to each other than the volume's slices.

    Where no distance is named the thickness tells: slices may well be thicker than they are apart, but planes that lie `apart`
    slices from each other, and fill what is between them, are another grid's.
    """
    normal = np.cross(place[:, 0], place[:, 1])
    slices = float(np.linalg.norm(_in_voxels(volume, normal / np.linalg.norm(normal))))
    if between := measures.get("SpacingBetweenSlices"):
        distance = abs(float(between)) * slices
        if abs(distance - 1) > ON_GRID:
            raise misfit(f"planes {distance:.4g} slices apart")
    elif apart > 1 + ON_GRID and (thickness := float(measures.get("SliceThickness") or 0) * slices) > apart - ON_GRID:
        raise misfit(f"planes {apart:.4g} slices apart and {thickness:.4g} thick")


def _planes_apart(groups: Sequence[Dataset], shared: Dataset, volume: VolumeGrid) -> float:
    """How far the nearest two planes lie from each other, in slices; 0 where there is only one."""
    index = volume.index(np.array([_place(group, shared)[:, 2] for group in groups]))
    along = np.unique(np.round(index[:, int(np.argmax(np.ptp(index, axis=0)))], 2))
    return float(np.diff(along).min()) if len(along) > 1 else 0.0


def _in_voxels(volume: VolumeGrid, steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Directions in RAS, mm, as columns, in voxels."""
    found: npt.NDArray[np.float64] = np.linalg.inv(volume.affine[:3, :3]) @ steps
    return found


def _lay(
    labels: Labels, volume: VolumeGrid, plane: npt.NDArray[np.bool_], number: int, place: npt.NDArray[np.float64]
) -> None:
    rows, columns = np.nonzero(plane)
    if not len(rows):
        return
    index = volume.index(np.column_stack([columns, rows, np.ones_like(rows)]) @ place.T)
    nearest = np.rint(index).astype(int)
    off = float(np.max(np.abs(index - nearest)))
    if off > ON_GRID:
        raise misfit(f"pixels up to {off:.2f} voxels off it")
    if nearest.min() < 0 or np.any(nearest >= volume.shape):
        raise misfit("pixels outside of the volume")
    at = tuple(nearest.T)
    if np.any((labels[at] != 0) & (labels[at] != number)):
        other = int(labels[at][(labels[at] != 0) & (labels[at] != number)][0])
        raise misfit(f"segments {min(other, number)} and {max(other, number)} that overlap")
    labels[at] = number
