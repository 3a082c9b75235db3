"""How a normalized grid came about, and the way back: labels that were made on it, on the grid that the image came with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.move import Move, Triple
from ccds_kernel.normalization.volume import Affine, Volume, blocks, spacing_of

SAME_GRID_MM = 0.01
"""Two grids are one where no corner lies farther apart: headers hold affines with seven digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A grid, and the changes that led from it to another one.

    Args:
        shape: of the image as it came.
        affine: (4, 4), voxel to RAS, mm; of the image as it came.
        moves: in their order; each begins with the shape that the one before ends with.

    Raises:
        CcdsError: the moves don't fit each other.
    """

    shape: Triple
    affine: Affine
    moves: tuple[Move, ...] = ()

    def __post_init__(self) -> None:
        shape = self.shape
        for move in self.moves:
            if move.old_shape != shape:
                raise _no_geometry()
            shape = move.shape

    @property
    def new_shape(self) -> Triple:
        """Of the grid that the moves lead to."""
        return self.moves[-1].shape if self.moves else self.shape

    @property
    def new_affine(self) -> Affine:
        """Of the grid that the moves lead to."""
        affine = self.affine
        for move in self.moves:
            affine = move.affine(affine)
        return affine

    def undo(self, labels: Volume) -> Volume:
        """`labels` on the grid that the image came with: each voxel takes the nearest one; 0 where the new grid doesn't reach.

        Args:
            labels: a label map or mask on the new grid: whole numbers.

        Raises:
            CcdsError: it lies on another grid, or holds fractions.
        """
        check_grid(labels, self.new_shape, self.new_affine, "the normalized image")
        voxels = whole(labels)
        for move in reversed(self.moves):
            voxels = move.back().carried(voxels)
        return Volume(voxels, self.affine)

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON holds them."""
        return {
            "shape": list(self.shape),
            "affine": self.affine.tolist(),
            "moves": [move.as_json() for move in self.moves],
        }

    @classmethod
    def from_json(cls, content: object) -> Self:
        """What `as_json` gave.

        Raises:
            CcdsError: it is something else.
        """
        try:
            assert isinstance(content, Mapping)  # noqa: S101 - what it raises is caught below
            affine = np.array(content["affine"], dtype=np.float64)
            a, b, c = (int(length) for length in content["shape"])
            moves = tuple(_move(one) for one in content["moves"])
            assert affine.shape == (4, 4) and np.all(np.isfinite(affine))  # noqa: S101, PT018 - as above
        except (AssertionError, KeyError, TypeError, ValueError, OverflowError):
            raise _no_geometry() from None
        return cls((a, b, c), affine, moves)


def labels_on(volume: Volume, labels: Volume) -> npt.NDArray[np.int16]:
    """The voxels of `labels`, whole numbers on the grid of `volume`.

    Raises:
        CcdsError: it lies on another grid, or holds fractions.
    """
    check_grid(labels, volume.voxels.shape, volume.affine, "the image")
    return whole(labels)


def tilt(affine: Affine) -> tuple[float, float]:
    """How far a grid's axes are from those of the patient, and from right angles with each other, at most, degrees.

    Args:
        affine: (4, 4), voxel to RAS, mm.
    """
    cosines = affine[:3, :3] / np.array(spacing_of(affine))
    oblique = max(float(np.degrees(np.arccos(min(1.0, np.max(np.abs(axis)))))) for axis in cosines.T)
    between = [abs(float(cosines[:, one] @ cosines[:, other])) for one, other in ((0, 1), (0, 2), (1, 2))]
    return oblique, float(np.degrees(np.arcsin(min(1.0, max(between)))))


def check_grid(labels: Volume, shape: Triple, affine: Affine, whose: str) -> None:
    """Refuses labels that don't lie on the grid of `shape` and `affine`, which is `whose`.

    Raises:
        CcdsError: another shape, or a corner that is farther off than `SAME_GRID_MM`.
    """
    if labels.voxels.shape != shape:
        raise CcdsError(
            expected=f"labels on the grid of {whose}, {_times(shape)} voxels",
            found=f"{_times(labels.voxels.shape)}",
            do="name the labels of this very image",
        )
    corners = np.array([[*corner, 1] for corner in np.ndindex(2, 2, 2)]) * [*(length - 1 for length in shape), 1]
    off = float(np.max(np.linalg.norm((corners @ (labels.affine - affine).T)[:, :3], axis=1)))
    if off > SAME_GRID_MM:
        raise CcdsError(
            expected=f"labels on the grid of {whose}",
            found=f"a corner that is {off:.3g} mm off",
            do="name the labels of this very image, or resample them to it",
        )


def whole(labels: Volume) -> npt.NDArray[np.int16]:
    """The voxels of `labels` as int16.

    Raises:
        CcdsError: some are fractions or out of range.
    """
    voxels = labels.voxels
    if voxels.dtype == np.int16:
        return voxels  # type: ignore[return-value] # int16, as the line above says
    limits = np.iinfo(np.int16)
    for block in blocks(voxels):
        if np.any(block != np.rint(block)) or block.min() < limits.min or block.max() > limits.max:
            raise CcdsError(
                expected=f"labels that are whole numbers from {limits.min} to {limits.max}",
                found="others",
                do="name a label map or mask, not an image or probabilities",
            )
    return voxels.astype(np.int16)


def _move(content: Mapping[str, Any]) -> Move:
    """A move as `Move.as_json` gave it."""
    a, b, c = (int(axis) for axis in content["axes"])
    i, j, k = (float(place) for place in content["start"])
    x, y, z = (float(step) for step in content["step"])
    old_i, old_j, old_k = (int(length) for length in content["old_shape"])
    new_i, new_j, new_k = (int(length) for length in content["shape"])
    cut = bool(content["cut"])
    return Move((a, b, c), (i, j, k), (x, y, z), (old_i, old_j, old_k), (new_i, new_j, new_k), cut)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)


def _no_geometry() -> CcdsError:
    return CcdsError(
        expected="the provenance of a normalized image, with the grid that it came with",
        found="something else",
        do="name the .json that `ccds normalization apply` wrote beside OUT (older ones: apply again)",
    )
