"""What a scan makes of a head: beam hardening, streaks, shading, motion, noise, and a Hounsfield scale that is a little off.

All of these brighten voxels that hold no blood, differently from scan to scan, as on real scanners; they are why counting
bright voxels doesn't find hemorrhages (see `volumes`). What is drawn is kept apart from what is done with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.scanners import Scanner
from ccds_kernel.demo.shapes import Field, Grid

CUPPING_DEPTH_MM = 14.0
"""How far below the skull beam hardening reaches: to about a third of its strength."""
STREAK_HEIGHT_MM, STREAK_REACH_MM, STREAK_PERIOD_MM = -40.0, 14.0, 11.0
"""Where the dense petrous bones streak, how far up and down, and how far apart the bright bands lie."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What one scan does to the values.

    Args:
        offset_hu: added everywhere: the scanner's habit and the day's calibration.
        cupping_hu: brightening right below the skull, by beam hardening.
        streak_hu: height of the bright and dark bands between the petrous bones.
        streak_phase: where the bands lie, in radians.
        shading_hu: difference across the head, to the left, to the back and to the top, by scatter.
        noise_hu: standard deviation of the noise.
        smoothness: share of a neighbour in the noise, by the reconstruction filter.
        motion: by how many voxels the head moved during a part of the scan, and along which axis of the array; None if it
            lay still.
    """

    offset_hu: float
    cupping_hu: float
    streak_hu: float
    streak_phase: float
    shading_hu: tuple[float, float, float]
    noise_hu: float
    smoothness: float
    motion: tuple[int, int] | None


def draw_acquisition(scanner: Scanner, draw: Draw, *, moved: bool) -> Acquisition:
    """One scan on `scanner`; `moved` if the patient did."""
    return Acquisition(
        offset_hu=scanner.offset_hu + draw.uniform(-4.0, 4.0),
        cupping_hu=draw.uniform(0, 14),
        streak_hu=draw.uniform(2, 14),
        streak_phase=draw.uniform(0, 6.28),
        shading_hu=(draw.uniform(-3, 3), draw.uniform(-3, 3), draw.uniform(-3, 3)),
        noise_hu=scanner.noise_hu * draw.uniform(0.75, 1.5),
        smoothness=scanner.smoothness,
        motion=(draw.one((-1, 1)), draw.one((1, 2))) if moved else None,
    )


def acquire(values: Field, inside: Field, grid: Grid, scan: Acquisition, draw: Draw) -> Field:
    """`values` as the scan shows them, in HU.

    Args:
        values: the head's, in HU.
        inside: distance from the inner table of the skull in mm, positive inside, of the same shape.
        grid: in coordinates of the head.
        scan: what the scan does.
        draw: where the noise comes from.
    """
    seen = values + _shading(inside, grid, scan)
    if scan.motion:
        step, axis = scan.motion
        seen = np.float32(0.6) * seen + np.float32(0.4) * np.roll(seen, step, axis=axis)
    seen += _noise(seen.shape, scan.smoothness, scan.noise_hu, draw)
    seen += np.float32(scan.offset_hu)
    return seen


def _shading(inside: Field, grid: Grid, scan: Acquisition) -> Field:
    """What beam hardening, scatter and the petrous bones add within the skull."""
    cupping = np.exp(np.maximum(inside, 0) * np.float32(-1 / CUPPING_DEPTH_MM)) * np.float32(scan.cupping_hu)
    for amount, along in zip(scan.shading_hu, (grid.x, grid.y, grid.z), strict=True):
        cupping += np.float32(amount / 150) * along
    height = (grid.z - np.float32(STREAK_HEIGHT_MM)) / np.float32(STREAK_REACH_MM)
    bands = np.sin(grid.y * np.float32(6.28 / STREAK_PERIOD_MM) + np.float32(scan.streak_phase))
    cupping += np.exp(-height * height) * bands * np.float32(scan.streak_hu)
    shading: Field = cupping * grid.soft(inside)
    return shading


def _noise(shape: tuple[int, ...], smoothness: float, noise_hu: float, draw: Draw) -> Field:
    """Noise of this strength, smeared within the slice as the reconstruction filter does."""
    white = draw.generator.standard_normal(shape, dtype=np.float32)
    around = np.roll(white, 1, 1)
    for step, axis in ((-1, 1), (1, 2), (-1, 2)):
        around += np.roll(white, step, axis)
    white += around * np.float32(smoothness / 2)
    white *= np.float32(noise_hu / np.sqrt(1 + smoothness**2))
    return white
