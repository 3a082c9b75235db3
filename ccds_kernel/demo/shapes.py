"""Soft shapes in a volume: each voxel holds the share of it that a shape fills.

Edges are one voxel wide, as partial volume makes them; that is cheaper than drawing finer and averaging, and the difference
can't be seen at this resolution. Coordinates are millimetres of the head: x to the left, y to the back, z to the top.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the voxels are.

    Args:
        x: to the left, in mm, of shape (slices, rows, columns), as `y` and `z`.
        y: to the back.
        z: to the top.
        edge_mm: width of a soft edge.
    """

    x: Field
    y: Field
    z: Field
    edge_mm: float

    def soft(self, depth_mm: Field) -> Field:
        """The filled share where a surface lies `depth_mm` away, positive inside."""
        share: Field = np.clip(np.float32(0.5) + depth_mm / np.float32(self.edge_mm), 0, 1)
        return share

    def depth(self, centre: Triple, axes: Triple, turn_deg: float = 0.0) -> Field:
        """Distance to the surface of an ellipsoid in mm, positive inside, to first order.

        Args:
            centre: in mm.
            axes: half lengths in mm.
            turn_deg: turn about the z axis, from x towards y.
        """
        x, y, z = self.x - centre[0], self.y - centre[1], self.z - centre[2]
        if turn_deg:
            cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
            x, y = np.float32(cos) * x + np.float32(sin) * y, np.float32(cos) * y - np.float32(sin) * x
        x, y, z = x / np.float32(axes[0]), y / np.float32(axes[1]), z / np.float32(axes[2])
        square_x, square_y, square_z = x * x, y * y, z * z
        radius = np.sqrt(square_x + square_y + square_z)
        slope = np.sqrt(square_x / axes[0] ** 2 + square_y / axes[1] ** 2 + square_z / axes[2] ** 2)
        distance: Field = (1 - radius) * radius / (slope + np.float32(1e-4))
        # The first order fails at the centre, where every direction is "outwards".
        return np.where(radius < np.float32(0.3), np.float32(min(axes)), distance)

    def sheet(self, distance_mm: Field, thickness_mm: float) -> Field:
        """The share that a sheet of this thickness fills, its middle `distance_mm` away, on either side."""
        edge = np.float32(self.edge_mm)
        reach = (np.float32(thickness_mm) + edge) / 2 - np.abs(distance_mm)
        share: Field = np.clip(reach, 0, min(float(edge), thickness_mm)) / edge
        return share

    def box(self, centre: Triple, reach: Triple) -> tuple[slice, slice, slice]:
        """Indices outside of which no voxel is within `reach` of `centre`, along each axis of the head, in mm."""
        return tuple(_span(ranges, centre, reach) for ranges in self._ranges)  # type: ignore[return-value] # one per axis

    def part(self, box: tuple[slice, slice, slice]) -> Grid:
        """The voxels of these indices."""
        return Grid(self.x[box], self.y[box], self.z[box], self.edge_mm)

    @cached_property
    def _ranges(self) -> tuple[tuple[tuple[Field, Field], ...], ...]:
        """For each axis of the array: of x, y and z the least and the greatest value at each index."""
        return tuple(
            tuple((part.min(axis=across), part.max(axis=across)) for part in (self.x, self.y, self.z))
            for across in ((1, 2), (0, 2), (0, 1))
        )


def _span(ranges: tuple[tuple[Field, Field], ...], centre: Triple, reach: Triple) -> slice:
    touched = np.logical_and.reduce(
        [
            (least <= middle + around) & (most >= middle - around)
            for (least, most), middle, around in zip(ranges, centre, reach, strict=True)
        ]
    ).nonzero()[0]
    return slice(int(touched[0]), int(touched[-1]) + 1) if touched.size else slice(0, 0)


class Canvas:
    """A volume in Hounsfield units that shapes are painted into."""

    def __init__(self, grid: Grid, value_hu: float) -> None:
        self.grid = grid
        self.hu: Field = np.full(grid.x.shape, value_hu, np.float32)

    def paint(self, share: Field, value_hu: float) -> None:
        """Fills `share` of each voxel, an array of the volume's shape, with `value_hu`."""
        self.hu += share * (np.float32(value_hu) - self.hu)

    def ellipsoid(
        self, value_hu: float, centre: Triple, axes: Triple, turn_deg: float = 0.0, share: float = 1.0
    ) -> None:
        """Paints an ellipsoid; arguments as of `Grid.depth`, `share` of it where it isn't dense."""
        edge = self.grid.edge_mm
        wide = max(axes[0], axes[1])
        x, y = (wide, wide) if turn_deg else axes[:2]
        box = self.grid.box(centre, (x + edge, y + edge, axes[2] + edge))
        part = self.grid.part(box)
        filled = part.soft(part.depth(centre, axes, turn_deg)) * np.float32(share)
        self.hu[box] += filled * (np.float32(value_hu) - self.hu[box])

    def pair(self, value_hu: float, centre: Triple, axes: Triple, turn_deg: float = 0.0) -> None:
        """Paints an ellipsoid and its mirror image on the right."""
        self.ellipsoid(value_hu, centre, axes, turn_deg)
        self.ellipsoid(value_hu, (-centre[0], centre[1], centre[2]), axes, -turn_deg)
