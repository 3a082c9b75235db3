"""Synthetic head CT series: voxels and geometry, before they become DICOM.

Their cases are taken from the same population as the reports, four of ten with hemorrhage, so that a small set has enough
to learn from; each belongs to the report with its accession number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

import numpy as np
from numpy.typing import NDArray

from ccds_kernel.demo.case import Case
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.head import head
from ccds_kernel.demo.population import cases
from ccds_kernel.demo.scanners import SCANNERS, Scanner
from ccds_kernel.demo.shapes import Field, Grid
from ccds_kernel.errors import CcdsError

MATRIX = 64
SHARE_POSITIVE = 0.4
LOWEST_HU, HIGHEST_HU = -1024, 3071
_PIXEL_STREAM = 2
_MIDDLE_MM = (0.0, 2.0, 12.0)


@dataclass(frozen=True, eq=False)
class SyntheticSeries:
    """One axial series.

    Args:
        case: the truth behind it, which no DICOM attribute tells.
        scanner: the machine.
        hu: int16 of shape (slices, rows, columns) in Hounsfield units, in the order of the instance numbers.
        row: direction of a row as in DICOM's patient coordinates (left, posterior, superior).
        column: direction of a column.
        positions: centre of each slice's first voxel in mm, of shape (slices, 3).
        seed: of the population; the unique identifiers come from it.
    """

    case: Case
    scanner: Scanner
    hu: NDArray[np.int16]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    positions: NDArray[np.float64]
    seed: int

    def uid(self, *what: str | int) -> str:
        """A unique identifier under 2.25, the same on every run, for `what` of this study."""
        name = "/".join(str(part) for part in ("ccds-demo", self.seed, self.case.accession, *what))
        return f"2.25.{uuid5(NAMESPACE_OID, name).int}"


def generate_series(seed: int, n: int = 20) -> Iterator[SyntheticSeries]:
    """`n` series, one at a time, in the order of the accession numbers.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    for case in imaged_cases(seed, n):
        yield make_series(case, seed)


def imaged_cases(seed: int, n: int = 20) -> list[Case]:
    """The cases of the population that have images: the first positive and the first negative ones.

    About 2.7 studies must be drawn for one series, so 20 series lie well within the first 300 reports.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    if n < 0:
        raise CcdsError(expected="zero or more series", found=f"{n}", do="ask for a number such as 20")
    left = {True: round(SHARE_POSITIVE * n), False: n - round(SHARE_POSITIVE * n)}
    chosen: list[Case] = []
    for case in cases(seed):
        if len(chosen) == n:
            break
        if left[case.positive]:
            left[case.positive] -= 1
            chosen.append(case)
    return chosen


def make_series(case: Case, seed: int) -> SyntheticSeries:
    """The series of one case."""
    scanner, draw = SCANNERS[case.scanner], Draw(seed, case.number, _PIXEL_STREAM)
    angle = np.radians(scanner.angle_deg)
    row, column = np.array([1.0, 0.0, 0.0]), np.array([0.0, np.cos(angle), -np.sin(angle)])
    positions = _positions(scanner, row, column)
    values = head(case, _head_grid(positions, row, column, scanner, draw), draw)
    if case.side_of("motion"):
        moved = np.roll(values, draw.one((-1, 1)), axis=draw.one((1, 2)))
        values = np.float32(0.6) * values + np.float32(0.4) * moved
    values = values + _noise(values.shape, scanner, draw) + np.float32(scanner.offset_hu)
    hu = np.clip(np.rint(values), LOWEST_HU, HIGHEST_HU).astype(np.int16)
    return SyntheticSeries(
        case, scanner, hu, (1.0, 0.0, 0.0), (0.0, float(column[1]), float(column[2])), positions, seed
    )


def _positions(scanner: Scanner, row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = np.cross(row, column)
    steps = (np.arange(scanner.slices) - (scanner.slices - 1) / 2) * scanner.slice_mm
    if scanner.head_first:
        steps = steps[::-1]
    corner = np.array(_MIDDLE_MM) - (MATRIX - 1) / 2 * scanner.pixel_mm * (row + column)
    return corner + steps[:, None] * normal


def _head_grid(
    positions: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64], scanner: Scanner, draw: Draw
) -> Grid:
    """Every voxel's place in the coordinates of this head, which lies a little turned and is a little large or small."""
    offsets = np.arange(MATRIX) * scanner.pixel_mm
    patient = positions[:, None, None, :] + offsets[:, None, None] * column + offsets[None, :, None] * row
    turn = _turn(*(np.radians(draw.uniform(-size, size)) for size in (4, 3, 5)))
    lying = np.array([draw.uniform(-4, 4), draw.uniform(-4, 4), draw.uniform(-4, 4)])
    size = draw.uniform(0.95, 1.04)
    x, y, z = np.moveaxis(((patient - lying) @ turn / size).astype(np.float32), -1, 0)
    return Grid(np.ascontiguousarray(x), np.ascontiguousarray(y), np.ascontiguousarray(z), scanner.pixel_mm)


def _turn(about_x: float, about_y: float, about_z: float) -> NDArray[np.float64]:
    cos_x, sin_x, cos_y, sin_y = np.cos(about_x), np.sin(about_x), np.cos(about_y), np.sin(about_y)
    cos_z, sin_z = np.cos(about_z), np.sin(about_z)
    nod = np.array([[1, 0, 0], [0, cos_x, -sin_x], [0, sin_x, cos_x]])
    tilt = np.array([[cos_y, 0, sin_y], [0, 1, 0], [-sin_y, 0, cos_y]])
    yaw = np.array([[cos_z, -sin_z, 0], [sin_z, cos_z, 0], [0, 0, 1]])
    product: NDArray[np.float64] = nod @ tilt @ yaw
    return product


def _noise(shape: tuple[int, ...], scanner: Scanner, draw: Draw) -> Field:
    """Noise of the scanner's strength, smeared within the slice as its reconstruction filter does."""
    white = draw.generator.standard_normal(shape, dtype=np.float32)
    around = sum(np.roll(white, step, axis) for step in (-1, 1) for axis in (1, 2)) / np.float32(2)
    mixed: Field = white + np.float32(scanner.smoothness) * around
    return mixed * np.float32(scanner.noise_hu / np.sqrt(1 + scanner.smoothness**2))
