"""Where the voxels of a scan lie, in the patient's coordinates (DICOM: left, posterior, superior) and in the head's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.scanners import Scanner
from ccds_kernel.demo.shapes import Grid

Points = NDArray[np.floating]
_MIDDLE_MM = (0.0, 2.0, 12.0)


@dataclass(frozen=True, eq=False)
class Pose:
    """How a head lies in the scanner.

    Args:
        turn: rotation, of shape (3, 3): nodding, tilted and turned by a few degrees.
        lying: where the head's origin is, in mm of the patient's coordinates.
        size: of the head, 1 the usual one.
    """

    turn: NDArray[np.float64]
    lying: NDArray[np.float64]
    size: float

    def to_head(self, patient: Points) -> Points:
        """Points (…, 3) of the patient's coordinates in those of the head, in mm."""
        return (patient - self.lying) @ self.turn / self.size

    def to_patient(self, head: Points) -> Points:
        """The way back."""
        return head * self.size @ self.turn.T + self.lying


def draw_pose(draw: Draw, size: float) -> Pose:
    """A head of this size as it comes to lie."""
    nod, tilt, yaw = (np.radians(draw.uniform(-most, most)) for most in (4, 3, 5))
    turn = _about(0, nod) @ _about(1, tilt) @ _about(2, yaw)
    return Pose(turn, np.array([draw.uniform(-4, 4) for _ in range(3)]), size)


def directions(scanner: Scanner) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Along a row and along a column, as DICOM's image orientation."""
    angle = np.radians(scanner.angle_deg)
    return np.array([1.0, 0.0, 0.0]), np.array([0.0, np.cos(angle), -np.sin(angle)])


def slice_positions(scanner: Scanner) -> NDArray[np.float64]:
    """The centre of each slice's first voxel in mm, of shape (slices, 3), in the order of the instances."""
    row, column = directions(scanner)
    steps = (np.arange(scanner.slices) - (scanner.slices - 1) / 2) * scanner.slice_mm
    if scanner.head_first:
        steps = steps[::-1]
    corner = np.array(_MIDDLE_MM) - (scanner.matrix - 1) / 2 * scanner.pixel_mm * (row + column)
    return corner + steps[:, None] * np.cross(row, column)


def head_grid(scanner: Scanner, pose: Pose) -> Grid:
    """Every voxel's place in the coordinates of the head."""
    # Affine: three steps from the first voxel, which is much cheaper than turning every voxel.
    row, column = directions(scanner)
    first = pose.to_head(slice_positions(scanner)[:, None, None, :]).astype(np.float32)
    offsets = np.arange(scanner.matrix)[:, None] * scanner.pixel_mm
    down = (offsets * column @ pose.turn / pose.size).astype(np.float32)[None, :, None, :]
    across = (offsets * row @ pose.turn / pose.size).astype(np.float32)[None, None, :, :]
    x, y, z = (first[..., axis] + down[..., axis] + across[..., axis] for axis in range(3))
    return Grid(x, y, z, scanner.pixel_mm)


def _about(axis: int, angle: float) -> NDArray[np.float64]:
    """Rotation by `angle` about the x, y or z axis (0, 1, 2)."""
    cos, sin = np.cos(angle), np.sin(angle)
    a, b = (part for part in range(3) if part != axis)
    turn = np.eye(3)
    turn[a, a] = turn[b, b] = cos
    turn[a, b], turn[b, a] = (-sin, sin) if axis != 1 else (sin, -sin)
    return turn
