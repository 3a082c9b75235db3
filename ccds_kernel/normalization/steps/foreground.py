"""`foreground: {method: otsu, keep: largest}`: what of the image is body, for the steps after it; no voxel is changed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.otsu import otsu_threshold
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.volume import blocks
from ccds_kernel.normalization.working import Foreground as Mask
from ccds_kernel.normalization.working import Working


class Method(StrEnum):
    """What counts as foreground."""

    OTSU = "otsu"
    """Voxels above Otsu's threshold."""
    ABOVE = "above"
    """Voxels above the number `above`."""


class Keep(StrEnum):
    """Which of these voxels stay."""

    ALL = "all"
    LARGEST = "largest"
    """The largest piece that hangs together by faces: no table, no noise in the air. Of equals the first."""


class Foreground(Parameters):
    """Marks the voxels that `z_score` (`mask: foreground`) counts and `crop_pad` (`to: foreground`) keeps.

    The mark follows later changes of grid (nearest voxel); another `foreground` replaces it.
    """

    name: ClassVar[str] = "foreground"

    method: Method
    above: Annotated[Number, Field(ge=-1e6, le=1e6)] | None = None
    keep: Keep

    @model_validator(mode="after")
    def _above_where_asked(self) -> Self:
        if (self.above is None) == (self.method is Method.ABOVE):
            raise ValueError("above is a number with method: above, and is left out with method: otsu")
        return self

    def run(self, image: Working) -> None:
        """Makes the mask.

        Raises:
            CcdsError: no voxel is in it, or Otsu's threshold is asked of a constant image.
        """
        voxels = image.voxels
        threshold = self.above
        if threshold is None:
            if voxels.min() == voxels.max():
                raise CcdsError(
                    expected="voxels that differ, to tell foreground from background",
                    found="the same value in all of them",
                    do="leave the image out, or mend the step before (a window beside its values?)",
                )
            threshold = otsu_threshold(voxels)
        mask: Mask = np.empty(voxels.shape, np.bool_, order="F")
        for old, new in zip(blocks(voxels), blocks(mask), strict=True):
            np.greater(old, threshold, out=new)
        if not mask.any():
            raise CcdsError(
                expected=f"voxels above {threshold:g}, for the foreground",
                found="none",
                do="take a lower number, or method: otsu",
            )
        image.foreground = largest_piece(mask) if self.keep is Keep.LARGEST else mask


def largest_piece(mask: Mask) -> Mask:
    """The most voxels of `mask` that hang together by faces; of equals the first, k slowest.

    Args:
        mask: (i, j, k), the first axis fastest in memory; not empty.
    """
    from SimpleITK import (  # noqa: PLC0415 - only this takes it, and it costs a fifth of a second at each start
        ConnectedComponentImageFilter,
        GetArrayViewFromImage,
        GetImageFromArray,
    )

    find: Any = ConnectedComponentImageFilter  # SimpleITK's methods carry no type hints
    find = find()
    find.SetNumberOfThreads(1)
    found = find.Execute(GetImageFromArray(mask.T.view(np.uint8)))
    pieces = GetArrayViewFromImage(found)  # a view: `found` must live as long
    sizes = np.zeros(int(find.GetObjectCount()) + 1, np.int64)
    for plane in pieces:
        sizes += np.bincount(plane.ravel(), minlength=sizes.size)
    sizes[0] = 0
    largest: Mask = (pieces == np.argmax(sizes)).T
    return largest
