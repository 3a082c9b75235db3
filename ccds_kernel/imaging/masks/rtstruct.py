"""RT Structure Sets: closed planar contours, each in a plane of the volume, filled where a voxel's middle is inside.

Contours of one structure in one plane are filled by the even-odd rule: one inside another is a hole, as planning systems mean it.
Coordinates mean something in their frame of reference only: structures of another one than the series' are refused, not moved.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from ccds_kernel.imaging.masks.grid import MOST_LABELS, Mask, VolumeGrid, misfit

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
OFF_PLANE = 0.25
"""How far, in slices, a contour may lie from its slice: planning systems round to a tenth of a millimetre."""

_EDGE = 0.5
"""A voxel reaches this far beyond its middle."""

Polygon = npt.NDArray[np.float64]


def read_rtstruct(data: Dataset, volume: VolumeGrid) -> Mask:
    """The structures of `data` on the grid of `volume`, numbered in the order of the file.

    Raises:
        CcdsError: contours aren't closed and planar, lie off the slices, or structures overlap.
    """
    structures = data.get("StructureSetROISequence", [])
    said = {int(one.ROINumber): str(one.get("ROIName", ""))[:64] for one in structures}
    frames = {int(one.ROINumber): str(one.get("ReferencedFrameOfReferenceUID", "")) for one in structures}
    drawn_on = _DrawnOn.of(data, volume)
    labels = np.zeros(volume.shape, np.uint8)
    names: dict[int, str] = {}
    for contours in data.get("ROIContourSequence", []):
        if contours.get("ContourSequence"):
            drawn_on.check(contours, frames.get(int(contours.ReferencedROINumber), ""))
        inside = np.zeros(volume.shape, bool)
        for axis_slice, polygons in _by_slice(contours, volume).items():
            axis, number = axis_slice
            at: list[int | slice] = [slice(None)] * 3
            at[axis] = number
            plane = inside[tuple(at)]
            for polygon in polygons:
                plane ^= filled(polygon, plane.shape)
        if not inside.any():
            continue
        label = len(names) + 1
        if label > MOST_LABELS:
            raise misfit(f"more than {MOST_LABELS} structures")
        if labels[inside].any():
            raise misfit(f"structures {int(labels[inside].max())} and {label} that overlap")
        labels[inside] = label
        names[label] = said.get(int(contours.ReferencedROINumber), "")
    if not names:
        raise misfit("no structure that holds the middle of a voxel")
    return Mask(labels, names, "rtstruct")


@dataclass(frozen=True, slots=True)
class _DrawnOn:
    """What a structure set says that its contours are drawn on.

    Args:
        frames: the frames of reference that the volume's series is said to be in; "" where the set doesn't name it.
        other_frames: those of other series only.
        other_images: SOPInstanceUIDs of images of other series.
    """

    frames: frozenset[str]
    other_frames: frozenset[str]
    other_images: frozenset[str]

    @classmethod
    def of(cls, data: Dataset, volume: VolumeGrid) -> _DrawnOn:
        frames: set[str] = set()
        others: set[str] = set()
        images: set[str] = set()
        for frame in data.get("ReferencedFrameOfReferenceSequence", []):
            series = [
                one
                for study in frame.get("RTReferencedStudySequence", [])
                for one in study.get("RTReferencedSeriesSequence", [])
            ]
            foreign = [one for one in series if not volume.is_of(str(one.get("SeriesInstanceUID", "")))]
            images |= {_image(one) for each in foreign for one in each.get("ContourImageSequence", [])}
            named = str(frame.get("FrameOfReferenceUID", ""))
            (frames if len(foreign) < len(series) else others).add(named)
        return cls(frozenset(frames), frozenset(others - frames), frozenset(images))

    def check(self, contours: Dataset, frame: str) -> None:
        """Refuses a structure that names another `frame` of reference, or images of another series.

        One that names no frame is taken for one of the only one that there is.
        """
        if frame not in self.frames and (frame or self.other_frames):
            raise misfit("a structure of another frame of reference")
        images = {_image(one) for each in contours.ContourSequence for one in each.get("ContourImageSequence", [])}
        if images & self.other_images:
            raise misfit("a structure that is drawn on images of another series")


def _image(reference: Dataset) -> str:
    return str(reference.get("ReferencedSOPInstanceUID", ""))


def _by_slice(contours: Dataset, volume: VolumeGrid) -> dict[tuple[int, int], list[Polygon]]:
    """(axis across, slice) → polygons in the other two axes, in voxels."""
    found: defaultdict[tuple[int, int], list[Polygon]] = defaultdict(list)
    for contour in contours.get("ContourSequence", []):
        if contour.get("ContourGeometricType") != "CLOSED_PLANAR":
            raise misfit(f"a contour of type {str(contour.get('ContourGeometricType'))[:24]}, not CLOSED_PLANAR")
        lps = np.array(contour.ContourData, float).reshape(-1, 3)
        index = volume.index(lps * [-1.0, -1.0, 1.0])
        axis = int(np.argmin(np.ptp(index, axis=0)))
        height = float(np.mean(index[:, axis]))
        off = float(np.max(np.abs(index[:, axis] - round(height))))
        if off > OFF_PLANE:
            raise misfit(f"a contour {off:.2f} slices off the nearest one")
        if not 0 <= round(height) < volume.shape[axis]:
            raise misfit("a contour outside of the volume")
        polygon = np.delete(index, axis, axis=1)
        size = np.delete(np.array(volume.shape), axis)
        if np.any(polygon.min(axis=0) < -_EDGE) or np.any(polygon.max(axis=0) > size - 1 + _EDGE):
            raise misfit("a contour that reaches beyond the volume")
        found[axis, round(height)].append(polygon)
    return found


def filled(polygon: Polygon, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Which points of a lattice of `shape` lie inside `polygon` ((corners, 2), in its indices): the even-odd rule."""
    inside = np.zeros(shape, bool)
    along = np.arange(shape[1])
    ahead = np.roll(polygon, -1, axis=0)
    for (a, b), (c, d) in zip(polygon, ahead, strict=True):
        if a == c:
            continue
        low, high = (a, c) if a < c else (c, a)
        # A line of points is crossed by an edge whose ends lie on either side; an end on it counts for one side only.
        lines = np.arange(max(0, int(np.ceil(low))), min(shape[0] - 1, int(np.ceil(high)) - 1) + 1)
        crossing = b + (lines - a) * (d - b) / (c - a)
        inside[lines] ^= along[None, :] > crossing[:, None]
    return inside
