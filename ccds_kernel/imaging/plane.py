"""One slice: where it lies and what its stored values mean. Coordinates are DICOM's: millimetres, LPS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

Vector = tuple[float, float, float]

UNIT_TOLERANCE = 1e-3
"""How far a direction may be from length 1, and two directions from a right angle (cosine)."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane of an image (DICOM PS3.3 C.7.6.2.1.1).

    Args:
        position: centre of the first pixel, LPS, mm.
        along_row: unit vector in which the column index grows.
        along_column: unit vector in which the row index grows.
        spacing: distance between rows, distance between columns (the order of PixelSpacing), mm.

    Raises:
        ValueError: a number that isn't finite, directions that aren't orthonormal, spacing not above zero.
    """

    position: Vector
    along_row: Vector
    along_column: Vector
    spacing: tuple[float, float]

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.position, *self.along_row, *self.along_column, *self.spacing))):
            raise ValueError("expected finite numbers in an image plane")
        if min(self.spacing) <= 0:
            raise ValueError(f"expected a pixel spacing above zero; found {self.spacing}")
        dot = sum(a * b for a, b in zip(self.along_row, self.along_column, strict=True))
        lengths = (math.hypot(*self.along_row), math.hypot(*self.along_column))
        if abs(dot) > UNIT_TOLERANCE or max(abs(length - 1) for length in lengths) > UNIT_TOLERANCE:
            raise ValueError("expected orthonormal directions of rows and columns")


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a file.

    Args:
        path: the file.
        index: which image of the file, from 0.
        plane: where it lies; None if the file doesn't say, or says something impossible.
        slope: real value = slope * stored value + intercept.
        intercept: see `slope`.
        number: the file's InstanceNumber and `index`: tells time points of one place apart; None if it has none.
        tile: which part of the image it is (first row, first column, rows, columns), where a mosaic holds several slices.
    """

    path: Path
    index: int
    plane: Plane | None
    slope: float = 1.0
    intercept: float = 0.0
    number: tuple[int, int] | None = None
    tile: tuple[int, int, int, int] | None = None
