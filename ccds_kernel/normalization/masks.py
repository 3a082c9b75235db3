"""Which voxels count: for means, percentiles and bias fields, steps look at the voxels of a mask and map the whole image.

The voxels of a mask are taken in their order in memory, block by block, so that sums over them round the same everywhere
and a mask of a gigabyte's volume takes a few megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.otsu import otsu_threshold
from ccds_kernel.normalization.volume import Voxels, blocks
from ccds_kernel.normalization.working import Working


class Mask(StrEnum):
    """Which voxels count."""

    NONE = "none"
    """All of them."""
    NONZERO = "nonzero"
    """Those that are not 0: background set to 0 by the scanner or a step before."""
    OTSU = "otsu"
    """Those above Otsu's threshold."""
    FOREGROUND = "foreground"
    """Those of the mask that a step `foreground` before made."""


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """The voxels of an image that a mask chooses.

    Args:
        mask: which.
        voxels: (i, j, k), all of the image, the first axis fastest in memory.
        threshold: of OTSU.
        foreground: (i, j, k), of FOREGROUND.
    """

    mask: Mask
    voxels: Voxels
    threshold: float | None = None
    foreground: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, image: Working, mask: Mask) -> Self:
        """The voxels of `image` as they are now.

        Raises:
            CcdsError: some are infinite, the same value stands in all of them where OTSU is asked for, or FOREGROUND is and
                no step made it.
        """
        voxels = image.voxels
        low, high = float(voxels.min()), float(voxels.max())
        if not np.isfinite([low, high]).all():
            raise CcdsError(
                expected="finite voxels", found="infinite ones, or none that are numbers", do="mend the step before"
            )
        if mask is Mask.OTSU and low == high:
            raise constant()
        if mask is Mask.FOREGROUND and image.foreground is None:
            raise CcdsError(
                expected="a step foreground before this one",
                found="none",
                do="add it, as in '- foreground: {method: otsu, keep: largest}', or take another mask",
            )
        threshold = otsu_threshold(voxels) if mask is Mask.OTSU else None
        return cls(mask, voxels, threshold, image.foreground if mask is Mask.FOREGROUND else None)

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """The chosen voxels, flat, in their own type, a block at a time; none empty.

        Raises:
            CcdsError: there are none.
        """
        found = False
        for block, chosen in zip(blocks(self.voxels), self.choices(), strict=True):
            values = block if chosen is None else block[chosen]
            if values.size:
                found = True
                yield values
        if not found:
            raise CcdsError(
                expected=f"voxels in the mask '{self.mask}'",
                found="none",
                do="take another mask, or leave the image out",
            )

    def choices(self) -> Iterator[npt.NDArray[np.bool_] | None]:
        """For each block of the image which of its voxels are chosen; None for all."""
        inside = None if self.foreground is None else blocks(self.foreground)
        for block in blocks(self.voxels):
            if inside is not None:
                yield next(inside)
            elif self.threshold is not None:
                yield block > self.threshold
            else:
                yield block != 0 if self.mask is Mask.NONZERO else None

    def sampled(self, places: tuple[slice, slice, slice]) -> npt.NDArray[np.bool_]:
        """Which of the voxels at `places` are chosen, (i, j, k)."""
        if self.foreground is not None:
            return self.foreground[places]
        if self.threshold is not None:
            return self.voxels[places] > self.threshold
        return self.voxels[places] != 0 if self.mask is Mask.NONZERO else np.ones(self.voxels[places].shape, np.bool_)

    def values(self) -> npt.NDArray[Any]:
        """The chosen voxels, flat, in one array of their own.

        Raises:
            CcdsError: there are none, or the same value stands in all of them.
        """
        values = np.empty(sum(block.size for block in self.blocks()), self.voxels.dtype)
        filled = 0
        for block in self.blocks():
            values[filled : filled + block.size] = block
            filled += block.size
        if values.min() == values.max():
            raise constant()
        return values


def constant() -> CcdsError:
    """What is said of an image that can't be scaled."""
    return CcdsError(
        expected="voxels that differ",
        found="the same value in all of them",
        do="leave the image out, or mend the step before (a window beside its values?)",
    )
