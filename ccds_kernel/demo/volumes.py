"""Synthetic head CT series: voxels and geometry, before they become DICOM.

Their cases are taken from the same population as the reports, four of ten with hemorrhage, so that a small set has enough
to learn from; each belongs to the report with its accession number. Several studies may be of one patient, and show one head.

How hard they are: the finding is in the voxels (the hemorrhage is 7 HU brighter than the mirror side at least, 22 HU in the
median of the demo's 48), but counting bright voxels hardly finds it. Of 24 such counts (6 windows from 50–90 to over 60 HU; in
the brain or in all soft tissue; in the whole head or in its middle slices) the best reaches an AUROC of 0.65 for the demo's
120 series, and 0.61 for seeds 11 and 12; a fourth seed that was tried, 18, has one count of 0.703. Falx, tentorium, sinuses,
calcium and scalp are as bright as blood, differently from person to person (`constitution`); beam hardening, streaks, noise
and calibration add to it, differently from scan to scan (`acquisition`). Rejected: bleeds too faint to be seen, which would
hide the finding. `tests/demo/test_difficulty.py` measures the first three seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

import numpy as np
from numpy.typing import NDArray

from ccds_kernel.demo.acquisition import acquire, draw_acquisition
from ccds_kernel.demo.case import Case
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.constitution import Constitution, constitution
from ccds_kernel.demo.head import head
from ccds_kernel.demo.population import cases
from ccds_kernel.demo.pose import Pose, directions, draw_pose, head_grid, slice_positions
from ccds_kernel.demo.scanners import SCANNERS, Scanner
from ccds_kernel.errors import CcdsError

SHARE_POSITIVE = 0.4
MOSTLY = 0.5
LOWEST_HU, HIGHEST_HU = -1024, 3071
_SCAN_STREAM, _PERSON_STREAM = 2, 3


@dataclass(frozen=True, eq=False)
class SyntheticSeries:
    """One axial series.

    Args:
        case: the truth behind it, which no DICOM attribute tells.
        scanner: the machine.
        hu: int16 of shape (slices, rows, columns) in Hounsfield units, in the order of the instance numbers.
        blood: bool of the same shape: voxels that are mostly fresh blood. Truth, like `case`.
        row: direction of a row as in DICOM's patient coordinates (left, posterior, superior).
        column: direction of a column.
        positions: centre of each slice's first voxel in mm, of shape (slices, 3).
        pose: how the head lies.
        seed: of the population; the unique identifiers come from it.
    """

    case: Case
    scanner: Scanner
    hu: NDArray[np.int16]
    blood: NDArray[np.bool_]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    positions: NDArray[np.float64]
    pose: Pose
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

    About 2.7 studies must be drawn for one series, so 120 series lie well within the first 400 reports.

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
    """The series of one case: the patient's head, as it lay that day, as the scanner saw it."""
    scanner, draw = SCANNERS[case.scanner], Draw(seed, case.number, _SCAN_STREAM)
    person = constitution_of(case, seed)
    pose = draw_pose(draw, person.size)
    grid = head_grid(scanner, pose)
    there = head(case, grid, person)
    scan = draw_acquisition(scanner, draw, moved=case.side_of("motion") is not None)
    values = acquire(there.hu, there.inside, grid, scan, draw)
    hu = np.clip(np.rint(values), LOWEST_HU, HIGHEST_HU).astype(np.int16)
    row, column = directions(scanner)
    return SyntheticSeries(
        case, scanner, hu, there.blood > MOSTLY, _triple(row), _triple(column), slice_positions(scanner), pose, seed
    )


def constitution_of(case: Case, seed: int) -> Constitution:
    """The head of the case's patient, the same on all of their studies."""
    return constitution(Draw(seed, case.patient_number, _PERSON_STREAM))


def _triple(direction: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(part) for part in direction)
    return x, y, z
