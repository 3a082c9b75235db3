"""Whether slices form a regular grid, by pydicom's numbers alone: pure arithmetic on image planes.

A stack is accepted if its slices are parallel, lie on a straight line along their normal, and are evenly spaced: each within
`tolerance_mm` of its place on an even grid. Irregular stacks are refused, not resampled: what is between the slices
was never measured. Correcting them (`correction`) is a project's decision, not a converter's.

Several images at every place are time points of one volume where their numbers tell which belong together (`time_points`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ccds_kernel.imaging.correction import Correction, Unevenness
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
            runs along the normal; of what is left where the grid is to be corrected.
        later: the frames of the other time points, each as `frames`.
        unevenness: what is to be corrected; None where the slices form the grid as they are.
    """

    frames: tuple[Frame, ...]
    spacing: tuple[float, float, float]
    deviation_mm: float
    later: tuple[tuple[Frame, ...], ...] = ()
    unevenness: Unevenness | None = None

    @property
    def volumes(self) -> tuple[tuple[Frame, ...], ...]:
        """The frames of every time point."""
        return (self.frames, *self.later)

    def affine(self) -> Array:
        """From (column, row, slice), the centres of pixels, to RAS, mm: (4, 4).

        The first slice lies exactly where it says; a grid to be corrected begins its margins before it.
        """
        plane = plane_of(self.frames[0])
        row, column = np.array(plane.along_row), np.array(plane.along_column)
        lps = np.eye(4)
        lps[:3, :3] = np.column_stack([row, column, np.cross(row, column)]) * self.spacing
        lps[:3, 3] = plane.position
        if self.unevenness is not None:
            (left, _), (above, _) = self.unevenness.margins()
            lps[:3, 3] = lps[:3] @ [-left, -above, 0, 1]
        ras: Array = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
        return ras


def plane_of(frame: Frame) -> Plane:
    """The plane of a frame of a grid, which always has one."""
    if frame.plane is None:
        raise ValueError("expected a grid's frames to have planes")
    return frame.plane


def correction_line(grid: Grid) -> str:
    """What is corrected of `grid`, for a person; empty where nothing is."""
    if grid.unevenness is None:
        return ""
    gaps = np.diff(grid.unevenness.heights)
    lean = f"a lean of {grid.unevenness.tilt_degrees:.2f} degrees" if grid.unevenness.tilt_degrees else ""
    least, most, now = (f"{length:.3f}" for length in (gaps.min(), gaps.max(), grid.spacing[2]))
    distances = f"slice distances from {least} to {most} mm, now {now} mm"
    return ", ".join(filter(None, (lean, "" if lean and least == most == now else distances)))


def grid_tolerance_mm(distance: float) -> float:
    """The tolerance for slices `distance` mm apart."""
    return min(GRID_TOLERANCE_MM, GRID_TOLERANCE_FRACTION * distance) + _ROUNDING_MM


def regular_grid(frames: Sequence[Frame], correct: AbstractSet[Correction] = frozenset()) -> Grid:
    """The grid that `frames` form, in any order; what `correct` names is no reason to refuse them.

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
    first, *others = (_grid(volume, correct) for volume in time_points(frames))
    if others and first.unevenness is not None:
        code = "gantry-tilt" if first.unevenness.tilt_degrees else "irregular-spacing"
        raise QuarantineError(code, "several volumes of uneven slices: these aren't corrected")
    for other in others:
        _check_same_place(first, other)
    return replace(first, later=tuple(other.frames for other in others))


def _grid(frames: Sequence[Frame], correct: AbstractSet[Correction]) -> Grid:
    """The grid of the slices of one time point, one at each place, in order."""
    if len(frames) < MIN_SLICES:
        raise QuarantineError("too-few-slices", f"{len(frames)} place(s), at least {MIN_SLICES} are needed")
    first = plane_of(frames[0])
    normal = np.cross(first.along_row, first.along_column)
    positions = np.array([plane_of(frame).position for frame in frames])
    heights = positions @ normal
    tilt = _check_straight(positions, normal, allowed=Correction.GANTRY_TILT in correct)
    uneven = _check_even(frames, heights, allowed=Correction.VARIABLE_SPACING in correct)
    rows, columns = first.spacing
    if tilt or uneven:
        distance = (
            float(np.median(np.diff(heights))) if uneven else float(heights[-1] - heights[0]) / (len(heights) - 1)
        )
        aside = positions - positions[0] - np.outer(heights - heights[0], normal)
        lies = tuple(
            (float(one @ np.array(first.along_row)) / columns, float(one @ np.array(first.along_column)) / rows)
            for one in aside
        )
        unevenness = Unevenness(tuple(float(height) for height in heights - heights[0]), lies, tilt)
        return Grid(tuple(frames), (columns, rows, distance), 0.0, unevenness=unevenness)
    distance = float(heights[-1] - heights[0]) / (len(heights) - 1)
    even = positions[0] + np.outer(np.arange(len(heights)) * distance, normal)
    deviation = float(np.max(np.linalg.norm(positions - even, axis=1)))
    return Grid(tuple(frames), (columns, rows, distance), deviation)


def time_points(frames: Sequence[Frame]) -> tuple[tuple[Frame, ...], ...]:
    """The slices of each time point, in the order of their heights: one, where each place has one image.

    Images of one place are ordered by their numbers. They are time points where the numbers step from one time point to the
    next equally at every place: copies and mixed series don't.

    Raises:
        QuarantineError: some places have several images that are no such time points.
    """
    first = plane_of(frames[0])
    normal = np.cross(first.along_row, first.along_column)
    heights = np.array([plane_of(frame).position for frame in frames]) @ normal
    order = np.argsort(heights, kind="stable")
    breaks = np.flatnonzero(np.diff(heights[order]) > SAME_POSITION_MM) + 1
    places = [[frames[index] for index in place] for place in np.split(order, breaks)]
    counts = {len(place) for place in places}
    if counts == {1}:
        return (tuple(frames[index] for index in order),)
    if len(places) == 1:
        raise QuarantineError("one-position", f"all {len(frames)} images lie at the same position")
    if len(counts) > 1:
        repeated = sum(len(place) > 1 for place in places)
        raise QuarantineError("duplicate-slices", f"{repeated} of {len(places)} positions hold more than one image")
    numbers = [[frame.number or (0, 0) for frame in place] for place in places]
    ordered = [
        sorted(zip(each, place, strict=True), key=lambda item: item[0])
        for each, place in zip(numbers, places, strict=True)
    ]
    steps = {
        tuple((after[0] - before[0], after[1] - before[1]) for (before, _), (after, _) in itertools.pairwise(place))
        for place in ordered
    }
    if len(steps) > 1 or (0, 0) in next(iter(steps)):
        raise QuarantineError(
            "several-volumes",
            f"{len(places[0])} images at each of {len(places)} positions, and their numbers don't tell the volumes apart",
        )
    return tuple(tuple(frame for _, frame in volume) for volume in zip(*ordered, strict=True))


def _check_same_place(first: Grid, other: Grid) -> None:
    one, another = (np.array([plane_of(frame).position for frame in grid.frames]) for grid in (first, other))
    if float(np.max(np.linalg.norm(one - another, axis=1))) > SAME_POSITION_MM:
        raise QuarantineError("several-volumes", "the volumes of the series don't lie at the same place")


def _check_parallel(planes: Sequence[Plane]) -> None:
    directions = np.array([(*plane.along_row, *plane.along_column) for plane in planes])
    spread = float(np.max(np.ptp(directions, axis=0)))
    if spread > DIRECTION_TOLERANCE:
        raise QuarantineError("orientation-varies", f"image directions differ by up to {spread:.4f} between slices")
    spacings = np.array([plane.spacing for plane in planes])
    if float(np.max(np.ptp(spacings, axis=0) / np.min(spacings, axis=0))) > DIRECTION_TOLERANCE:
        raise QuarantineError("inconsistent-headers", "PixelSpacing differs between the slices")


def _check_straight(positions: Array, normal: Array, *, allowed: bool) -> float:
    """Refuses sideways strays, and shear unless it is `allowed`; degrees of shear. `positions`: (slices, 3), along `normal`."""
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
        if allowed:
            return degrees
        raise QuarantineError("gantry-tilt", f"the stack leans {degrees:.2f} degrees from the slices' normal")
    return 0.0


def _check_even(frames: Sequence[Frame], heights: Array, *, allowed: bool) -> bool:
    """Refuses gaps, and uneven distances unless they are `allowed`; whether they are uneven. `heights`: ascending, mm."""
    gaps = np.diff(heights)
    even = np.linspace(heights[0], heights[-1], len(heights))
    deviation = float(np.max(np.abs(heights - even)))
    typical = float(np.median(gaps))
    if deviation <= grid_tolerance_mm(typical):
        return False
    steps = gaps / typical
    whole = np.rint(steps)
    if allowed and _numbered_without_a_gap(frames):
        return True
    why_not = "; their numbers don't show that none is missing" if allowed else ""
    if np.all(whole >= 1) and np.all(np.abs(steps - whole) <= GRID_TOLERANCE_FRACTION) and np.any(whole > 1):
        raise QuarantineError(
            "missing-slices",
            f"{int(np.sum(whole - 1))} slice(s) missing: gaps from {gaps.min():.3f} to {gaps.max():.3f} mm{why_not}",
        )
    line = f"slice distances vary from {gaps.min():.3f} to {gaps.max():.3f} mm{why_not}"
    raise QuarantineError("irregular-spacing", line)


def _numbered_without_a_gap(frames: Sequence[Frame]) -> bool:
    """Whether the numbers of slices, in order of their heights, go up or down one by one: then none is missing between them."""
    numbers = [frame.number for frame in frames]
    steps = {
        (after[0] - before[0], after[1] - before[1])
        for before, after in itertools.pairwise(numbers)
        if before is not None and after is not None
    }
    return None not in numbers and steps in ({(1, 0)}, {(-1, 0)}, {(0, 1)}, {(0, -1)})
