"""Siemens mosaics: the slices of a volume tiled into one image, whose places only the scanner's private header (CSA) tells.

Tile n is slice n. ImagePositionPatient is that of the mosaic's corner as if it were one large slice around the same centre
(the arithmetic: nibabel, "DICOM mosaic"); slices follow each other along CSA's SliceNormalVector, SpacingBetweenSlices apart.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.tag import Tag

from ccds_kernel.imaging.plane import Frame, Plane

_ALONG = 1e-3
"""How far the cosine between CSA's normal and that of the rows and columns may be from 1."""

_CSA = 0x00291010
_CSA_OWNER = 0x00290010
_NEEDED: tuple[str, ...] = (
    "Rows",
    "Columns",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SpacingBetweenSlices",
)


def tiles(whole: Frame) -> tuple[Frame, ...]:
    """The slices of the mosaic `whole`; itself, without a plane, where its file doesn't tell where they lie."""
    try:
        return _tiles(whole)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return (Frame(whole.path, whole.index, None, whole.slope, whole.intercept, whole.number),)


def _tiles(whole: Frame) -> tuple[Frame, ...]:
    data = pydicom.dcmread(
        whole.path, stop_before_pixels=True, specific_tags=[*map(Tag, _NEEDED), Tag(_CSA), Tag(_CSA_OWNER)]
    )
    count, normal = _count_and_normal(data[_CSA].value)
    across = math.ceil(math.sqrt(count))
    rows, columns = int(data.Rows), int(data.Columns)
    if count < 1 or rows % across or columns % across:
        raise ValueError("expected a square of tiles")
    rows, columns = rows // across, columns // across
    row, column = np.array(data.ImageOrientationPatient, float).reshape(2, 3)
    if abs(abs(float(np.dot(np.cross(row, column), normal))) - 1) > _ALONG:
        raise ValueError("expected slices along their normal")
    between_rows, between_columns = map(float, data.PixelSpacing)
    corner = np.array(data.ImagePositionPatient, float)
    first = (
        corner + row * between_columns * (across - 1) * columns / 2 + column * between_rows * (across - 1) * rows / 2
    )
    step = normal * float(data.SpacingBetweenSlices)

    def tile(n: int) -> Frame:
        place = [float(value) for value in first + n * step]
        plane = Plane(
            (place[0], place[1], place[2]),
            (float(row[0]), float(row[1]), float(row[2])),
            (float(column[0]), float(column[1]), float(column[2])),
            (between_rows, between_columns),
        )
        part = (n // across * rows, n % across * columns, rows, columns)
        return Frame(whole.path, whole.index, plane, whole.slope, whole.intercept, whole.number, part)

    return tuple(tile(n) for n in range(count))


def _count_and_normal(csa: bytes) -> tuple[int, npt.NDArray[np.float64]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nibabel calls its DICOM readers experimental
        from nibabel.nicom import csareader  # noqa: PLC0415 - it warns when imported
    try:
        read: Any = csareader.read  # nibabel's functions carry no type hints
        tags = read(csa)["tags"]
    except csareader.CSAReadError as error:
        raise ValueError("expected a CSA header") from error
    return int(tags["NumberOfImagesInMosaic"]["items"][0]), np.array(tags["SliceNormalVector"]["items"], float)
