"""The image between two steps: what `apply` hands from step to step, and the only thing that a step changes.

Steps work in place where the voxels are already ours: a volume of a gigabyte is not copied at each of them. Outside `apply`
there are only `Volume`s, which nobody changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccds_kernel.normalization.volume import Affine, Voxels


@dataclass(slots=True)
class Working:
    """An image that steps may replace or change.

    Args:
        voxels: (i, j, k), int16 or float32, the first axis fastest in memory.
        affine: (4, 4), voxel to RAS, mm; replaced, never changed.
        owned: whether `voxels` may be changed in place.
    """

    voxels: Voxels
    affine: Affine
    owned: bool = False

    def floats(self) -> npt.NDArray[np.float32]:
        """The voxels as float32 that the caller may change in place; they stay the image's."""
        if self.voxels.dtype != np.float32 or not self.owned:
            self.voxels = self.voxels.astype(np.float32, order="F")
            self.owned = True
        return self.voxels  # type: ignore[return-value] # float32 since the lines above

    def replace(self, voxels: Voxels, affine: Affine) -> None:
        """Takes new voxels, which are the image's own from now on, at their new places."""
        self.voxels, self.affine, self.owned = voxels, affine, True
