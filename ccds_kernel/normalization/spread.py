"""How alike the volumes of a project are, by scanner, and which are unlike the others. Pure.

A volume is told by its grid, along the patient's axes, so that a spacing is compared with one along the same direction whatever
the orientation; and by quantiles of its intensities. What a recipe makes of a grid follows from the header, as far as its steps
say it: what a foreground decides is known only once voxels are.

Unlike the others is what lies more than `MOST_Z` robust standard deviations from the median of its scanner (Iglewicz and Hoaglin,
How to Detect and Handle Outliers, 1993: 1.4826 times the median absolute deviation). Where a scanner has fewer than `FEWEST`
volumes, those of all scanners of the modality count. A deviation is never taken to be less than a part of what is usual
(`FLOOR`), nor, of a shape, than a voxel: where all but one are the same to the last digit, a rounded digit is no outlier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.move import Move, Triple
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume import Affine, spacing_of

PERCENT = (1, 25, 50, 75, 99)
"""Which quantiles of a volume's intensities are told."""

AXES = ("R–L", "A–P", "S–I")
"""The patient's axes, in the order in which spacing and shape are told."""

MOST_Z, FEWEST = 3.5, 5
FLOOR = {"spacing": 0.01, "shape": 0.05, "quantile": 0.01}
"""The least deviation, as a part of a spacing, a shape, or what lies between the outer quantiles."""

_MAD = 1.4826
_SIDES = ("RL", "AP", "SI")

Three = tuple[float, float, float]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a volume's voxels lie.

    Args:
        spacing_mm: along the patient's `AXES`.
        shape: voxels along these.
        orientation: to which side each voxel axis runs, as in "LPS".
    """

    spacing_mm: Three
    shape: Triple
    orientation: str


@dataclass(frozen=True, slots=True)
class Side:
    """A volume before or after a recipe, as far as it is known.

    Args:
        grid: None where it isn't known.
        quantiles: at `PERCENT`; None where they aren't known.
    """

    grid: Grid | None = None
    quantiles: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unlike:
    """What of a volume is unlike the others.

    Args:
        volume: its place in the sequence that was asked about.
        what: such as "spacing S–I" or "1 % quantile".
        value: the volume's.
        usual: the median of those that it is held against.
        z: how many robust standard deviations lie between.
    """

    volume: int
    what: str
    value: float
    usual: float
    z: float


@runtime_checkable
class Plans(Protocol):
    """A step that changes the grid, and says by shape and affine how; None where only voxels can tell, or it leaves it."""

    def planned(self, shape: Triple, affine: Affine) -> Move | None:
        """The change of such a grid; None where there is none."""


def grid_of(shape: Triple, affine: Affine) -> Grid:
    """The grid of an image of `shape` (i, j, k) with `affine` (voxel to RAS, mm)."""
    spacing = spacing_of(affine)
    along = _patient_axes(affine)
    order = [along.index(axis) for axis in range(3)]
    codes = "".join(_SIDES[axis][int(affine[axis, voxel] < 0)] for voxel, axis in enumerate(along))
    first, second, third = order
    return Grid((spacing[first], spacing[second], spacing[third]), (shape[first], shape[second], shape[third]), codes)


def planned_grid(recipe: Recipe, shape: Triple, affine: Affine) -> Grid | None:
    """The grid that `recipe` makes of such an image; None where a foreground decides it.

    Raises:
        CcdsError: a step makes no sense for such a grid.
    """
    for step in recipe.steps:
        if not isinstance(step, Plans):
            continue
        if needs_voxels(step):
            return None
        if move := step.planned(shape, affine):
            shape, affine = move.shape, move.affine(affine)
    return grid_of(shape, affine)


def needs_voxels(step: object) -> bool:
    """Whether it takes voxels to know which grid the step leads to: it crops to a foreground."""
    return isinstance(step, Plans) and getattr(step, "to", None) == "foreground"


def unlike_others(groups: Sequence[tuple[str, str]], sides: Sequence[Side]) -> list[Unlike]:
    """What is unlike the others, the farthest first.

    Args:
        groups: modality and scanner of each volume.
        sides: each volume as it is known, all of them before or all after.
    """
    found: list[Unlike] = []
    for what, values, sizes in _measures(sides):
        known = np.flatnonzero(np.isfinite(values))
        for members, against in _compared([groups[int(place)] for place in known]):
            mine, others = values[known[members]], values[known[against]]
            usual = float(np.median(others))
            floor = float(np.median(sizes[known[against]]))
            scale = max(_MAD * float(np.median(np.abs(others - usual))), floor, np.finfo(float).tiny)
            z = np.abs(mine - usual) / scale
            found += [
                Unlike(int(known[members[place]]), what, float(mine[place]), usual, float(z[place]))
                for place in np.flatnonzero(z > MOST_Z)
            ]
    return sorted(found, key=lambda one: (-one.z, one.volume, one.what))


def _measures(sides: Sequence[Side]) -> Iterator[tuple[str, Floats, Floats]]:
    """What is compared, each volume's value (nan where it isn't known), and the least deviation by that volume."""
    grids = [side.grid for side in sides]
    for axis, name in enumerate(AXES):
        spacing = np.array([grid.spacing_mm[axis] if grid else np.nan for grid in grids], float)
        yield f"spacing {name}", spacing, FLOOR["spacing"] * spacing
        shape = np.array([grid.shape[axis] if grid else np.nan for grid in grids], float)
        yield f"shape {name}", shape, np.maximum(FLOOR["shape"] * shape, 1)
    nothing = (np.nan,) * len(PERCENT)
    quantiles = np.array([side.quantiles or nothing for side in sides], float).reshape(-1, len(PERCENT))
    least = FLOOR["quantile"] * (quantiles[:, -1] - quantiles[:, 0])
    for column, percent in enumerate(PERCENT):
        yield f"{percent} % quantile", quantiles[:, column], least


def _patient_axes(affine: Affine) -> list[int]:
    """For each voxel axis the patient's axis (0 R–L, 1 A–P, 2 S–I) that it runs along most, each once."""
    steepness = np.abs(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))
    along = [-1, -1, -1]
    for _ in along:
        row, column = np.unravel_index(int(np.argmax(steepness)), steepness.shape)
        along[int(column)] = int(row)
        steepness[row, :] = steepness[:, column] = -1
    return along


def _compared(groups: Sequence[tuple[str, str]]) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """The places of each group's volumes, and of those that they are held against."""
    of_group: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    of_modality: defaultdict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        of_group[group].append(place)
        of_modality[group[0]].append(place)
    pairs = []
    for (modality, _), members in of_group.items():
        against = members if len(members) >= FEWEST else of_modality[modality]
        if len(against) >= FEWEST:
            pairs.append((np.array(members), np.array(against)))
    return pairs
