"""DICOM Segmentation objects, binary: each frame is a plane of one segment, which must be a plane of the volume."""

from __future__ import annotations

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
    for plane, group in zip(pixels, data.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(_macro(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        if not 1 <= number <= MOST_LABELS:
            raise misfit(f"segment number {number}")
        _lay(labels, volume, plane != 0, number, _place(group, shared))
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
