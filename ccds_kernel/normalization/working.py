"""The image between two steps: what `apply` hands from step to step, and the only thing that a step changes.

Steps work in place where the voxels are already ours: a volume of a gigabyte is not copied at each of them. Outside `apply`
there are only `Volume`s, which nobody changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.move import Move
from ccds_kernel.normalization.volume import Affine, Voxels

Labels = npt.NDArray[np.int16]
Foreground = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Working:
    """An image that steps may replace or change.

    Args:
        voxels: (i, j, k), int16 or float32, the first axis fastest in memory.
        affine: (4, 4), voxel to RAS, mm; replaced, never changed.
        owned: whether `voxels` may be changed in place.
        labels: label maps on the same grid; they follow each `move` and no other change.
        foreground: what the last step `foreground` took for the body, on the same grid; None before the first.
        moves: the changes of grid so far.
        left: whether the present step found nothing to do; see `leave`.
        wanted: called by a step that takes minutes, again and again; what it raises ends the step. None: nobody may end it.
    """

    voxels: Voxels
    affine: Affine
    owned: bool = False
    labels: tuple[Labels, ...] = ()
    foreground: Foreground | None = None
    moves: list[Move] = field(default_factory=list)
    left: bool = False
    wanted: Callable[[], object] | None = None

    def floats(self) -> npt.NDArray[np.float32]:
        """The voxels as float32 that the caller may change in place; they stay the image's."""
        if self.voxels.dtype != np.float32 or not self.owned:
            self.voxels = self.voxels.astype(np.float32, order="F")
            self.owned = True
        return self.voxels  # type: ignore[return-value] # float32 since the lines above

    def move(self, move: Move, voxels: Voxels | None = None, fill: float = 0) -> None:
        """Goes to the grid that `move` leads to; labels and foreground follow.

        Args:
            move: from the present grid.
            voxels: the image's own from now on; None takes the nearest ones.
            fill: where the old grid doesn't reach, with the nearest ones.
        """
        carried: Any = move.carried(self.voxels, fill) if voxels is None else voxels
        self.labels = tuple(move.carried(one) for one in self.labels)
        if self.foreground is not None:
            self.foreground = move.carried(self.foreground)
        self.voxels, self.affine, self.owned = carried, move.affine(self.affine), True
        self.moves.append(move)

    def replace(self, voxels: Voxels) -> None:
        """Takes new voxels, which are the image's own from now on, on the same grid."""
        self.voxels, self.owned = voxels, True

    def leave(self) -> None:
        """Tells that the image is already as the step would make it."""
        self.left = True
