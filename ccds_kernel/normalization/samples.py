"""Every nth voxel along an axis, and values between them: for what changes slowly, such as a bias field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError

FEWEST = 4
"""Samples along an axis."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Samples:
    """Voxels along one axis, equally far apart.

    Args:
        length: of the axis, voxels.
        first: the first one.
        step: how many voxels they are apart.
    """

    length: int
    first: int
    step: int

    @classmethod
    def of(cls, length: int, spacing: float, wanted: float) -> Samples:
        """About `wanted` mm apart, the first and the last equally near to the ends.

        Raises:
            CcdsError: the axis has too few voxels.
        """
        if length < FEWEST:
            raise CcdsError(
                expected=f"at least {FEWEST} voxels along each axis, to fit a field",
                found=f"{length}",
                do="leave the image out, or the step",
            )
        step = min(max(1, round(wanted / spacing)), (length - 1) // (FEWEST - 1))
        return cls(length, (length - 1) % step // 2, step)

    @property
    def places(self) -> slice:
        """Of these voxels."""
        return slice(self.first, None, self.step)

    def between(self, values: Floats, axis: int) -> Floats:
        """`values`, one for each sample along `axis`, as one for each voxel.

        Through the four samples around it (Keys 1981, a = -0.5); beyond the first and the last, theirs.
        """
        at = [np.take(values, places, axis) for places, _ in self._taps()]
        wide = [
            weights.reshape([-1 if one == axis else 1 for one in range(values.ndim)]) for _, weights in self._taps()
        ]
        total: Floats = at[0] * wide[0] + at[1] * wide[1] + at[2] * wide[2] + at[3] * wide[3]
        return total

    def one_between(self, values: Floats, voxel: int) -> Floats:
        """The slice that `between` gives along the last axis for one voxel."""
        parts = [values[:, :, places[voxel]] * weights[voxel] for places, weights in self._taps()]
        total: Floats = parts[0] + parts[1] + parts[2] + parts[3]
        return total

    def _taps(self) -> list[tuple[npt.NDArray[np.intp], Floats]]:
        """For each voxel four samples and their weights."""
        last = (self.length - 1 - self.first) // self.step
        position = np.clip((np.arange(self.length) - self.first) / self.step, 0, last)
        before = np.floor(position)
        w = position - before
        weights = (
            ((-0.5 * w + 1) * w - 0.5) * w,
            (1.5 * w - 2.5) * w * w + 1,
            ((-1.5 * w + 2) * w + 0.5) * w,
            (0.5 * w - 0.5) * w * w,
        )
        return [
            (np.clip(before + offset, 0, last).astype(np.intp), one) for offset, one in enumerate(weights, start=-1)
        ]
