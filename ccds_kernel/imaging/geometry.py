"""Whether slices form a regular grid, by pydicom's numbers alone: pure arithmetic on image planes.

A stack is accepted if its slices are parallel, lie on a straight line along their normal, and are evenly spaced: each within
`tolerance_mm` of its place on an even grid. Irregular stacks are refused, not resampled: what is between the slices
was never measured. Correcting them is a project's decision, to be recorded, not a converter's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccds_kernel.imaging.plane import Frame, Plane
from ccds_kernel.imaging.verdict import QuarantineError

Array = npt.NDArray[np.float64]

MIN_SLICES = 3
"""Two distances are the least that can show that the distance is regular."""

DIRECTION_TOLERANCE = 1e-4
"""How much a component of a direction may differ between slices: 0.026 mm over a 256 mm image."""

_ROUNDING_MM = 1e-6

SAME_POSITION_MM = 1e-3
"""Slices nearer to each other than this are at the same place."""

GRID_TOLERANCE_MM = 0.1
GRID_TOLERANCE_FRACTION = 0.2
"""A slice may lie this far from its place on the even grid, and this fraction of the slice distance: scanners that write
positions to a tenth of a millimetre stay within it, a slice left out or moved doesn't."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular stack of slices.

    Args:
        frames: in the direction of the slices' normal (along_row x along_column).
        spacing: between columns, between rows, between slices: mm.
        deviation_mm: how far the worst slice lies from its place on the even grid that starts at the first slice and
            runs along the normal.
    """

    frames: tuple[Frame, ...]
    spacing: tuple[float, float, float]
    deviation_mm: float

    def affine(self) -> Array:
        """From (column, row, slice), the centres of pixels, to RAS, mm: (4, 4). The first slice lies exactly where it says."""
        plane = plane_of(self.frames[0])
        row, column = np.array(plane.along_row), np.array(plane.along_column)
        lps = np.eye(4)
        lps[:3, :3] = np.column_stack([row, column, np.cross(row, column)]) * self.spacing
        lps[:3, 3] = plane.position
        ras: Array = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
        return ras


def plane_of(frame: Frame) -> Plane:
    """The plane of a frame of a grid, which always has one."""
    if frame.plane is None:
        raise ValueError("expected a grid's frames to have planes")
    return frame.plane


def grid_tolerance_mm(distance: float) -> float:
    """The tolerance for slices `distance` mm apart."""
    return min(GRID_TOLERANCE_MM, GRID_TOLERANCE_FRACTION * distance) + _ROUNDING_MM


def regular_grid(frames: Sequence[Frame]) -> Grid:
    """The grid that `frames` form, in any order.

    Raises:
        QuarantineError: they form none; the reason says why.
    """
    planes = [frame.plane for frame in frames if frame.plane is not None]
    if len(planes) < len(frames):
        raise QuarantineError(
            "no-geometry",
            f"{len(frames) - len(planes)} of {len(frames)} images lack a valid position, orientation or spacing",
        )
    if len(frames) < MIN_SLICES:
        raise QuarantineError("too-few-slices", f"{len(frames)} image(s), at least {MIN_SLICES} are needed")
    _check_parallel(planes)

    first = planes[0]
    normal = np.cross(first.along_row, first.along_column)
    positions = np.array([plane.position for plane in planes])
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    heights = positions @ normal
    _check_distinct(heights)
    _check_straight(positions, normal)
    _check_even(heights)

    rows, columns = first.spacing
    distance = float(heights[-1] - heights[0]) / (len(heights) - 1)
    even = positions[0] + np.outer(np.arange(len(heights)) * distance, normal)
    deviation = float(np.max(np.linalg.norm(positions - even, axis=1)))
    return Grid(tuple(frames[index] for index in order), (columns, rows, distance), deviation)


def _check_parallel(planes: Sequence[Plane]) -> None:
    directions = np.array([(*plane.along_row, *plane.along_column) for plane in planes])
    spread = float(np.max(np.ptp(directions, axis=0)))
    if spread > DIRECTION_TOLERANCE:
        raise QuarantineError("orientation-varies", f"image directions differ by up to {spread:.4f} between slices")
    spacings = np.array([plane.spacing for plane in planes])
    if float(np.max(np.ptp(spacings, axis=0) / np.min(spacings, axis=0))) > DIRECTION_TOLERANCE:
        raise QuarantineError("inconsistent-headers", "PixelSpacing differs between the slices")


def _check_distinct(heights: Array) -> None:
    """`heights`: ascending positions along the normal, mm."""
    starts = [0, *(np.flatnonzero(np.diff(heights) > SAME_POSITION_MM) + 1).tolist(), len(heights)]
    counts = [end - start for start, end in itertools.pairwise(starts)]
    if max(counts) == 1:
        return
    if len(counts) == 1:
        raise QuarantineError("one-position", f"all {len(heights)} images lie at the same position")
    if len(set(counts)) == 1:
        raise QuarantineError(
            "several-volumes",
            f"{counts[0]} images at each of {len(counts)} positions: a series of volumes, not one volume",
        )
    repeated = sum(count > 1 for count in counts)
    raise QuarantineError("duplicate-slices", f"{repeated} of {len(counts)} positions hold more than one image")


def _check_straight(positions: Array, normal: Array) -> None:
    """Refuses shear and sideways strays. `positions`: (slices, 3), in order along `normal`."""
    sideways = positions - positions[0]
    heights = sideways @ normal
    sideways = sideways - np.outer(heights, normal)
    shear = sideways[-1] / heights[-1]
    tolerance = grid_tolerance_mm(float(heights[-1]) / (len(heights) - 1))
    stray = float(np.max(np.linalg.norm(sideways - np.outer(heights, shear), axis=1)))
    if stray > tolerance:
        raise QuarantineError("not-collinear", f"slices stray up to {stray:.2f} mm sideways from a straight line")
    if float(np.linalg.norm(sideways[-1])) > tolerance:
        degrees = math.degrees(math.atan(float(np.linalg.norm(shear))))
        raise QuarantineError("gantry-tilt", f"the stack leans {degrees:.2f} degrees from the slices' normal")


def _check_even(heights: Array) -> None:
    """Refuses gaps and uneven distances. `heights`: ascending positions along the normal, mm."""
    gaps = np.diff(heights)
    even = np.linspace(heights[0], heights[-1], len(heights))
    deviation = float(np.max(np.abs(heights - even)))
    typical = float(np.median(gaps))
    if deviation <= grid_tolerance_mm(typical):
        return
    steps = gaps / typical
    whole = np.rint(steps)
    if np.all(whole >= 1) and np.all(np.abs(steps - whole) <= GRID_TOLERANCE_FRACTION) and np.any(whole > 1):
        raise QuarantineError(
            "missing-slices",
            f"{int(np.sum(whole - 1))} slice(s) missing: gaps from {gaps.min():.3f} to {gaps.max():.3f} mm",
        )
    raise QuarantineError("irregular-spacing", f"slice distances vary from {gaps.min():.3f} to {gaps.max():.3f} mm")
