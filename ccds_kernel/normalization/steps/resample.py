"""`resample: {spacing_mm: [1, 1, 1], interpolation: linear}`: the same image on a grid with another spacing.

The new grid keeps the directions of the axes and the centre of the first voxel, and has every voxel whose centre lies inside
the old field of view (`interpolation.length_after`). TorchIO and torch keep the field of view's edge instead; ITK and MONAI the
first centre, as here.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from ccds_kernel.normalization.interpolation import Interpolation, length_after, resampled
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.volume import check_shape, spacing_of
from ccds_kernel.normalization.working import Working

SAME_MM = 1e-3
"""An axis whose last voxel would move by less than this is left as it is: headers hold spacings with seven digits."""

Millimetres = Annotated[Number, Field(ge=0.01, le=100)]


class Resample(Parameters):
    """Gives the voxels the spacing `spacing_mm` along i, j, k (0.01 to 100 mm), in the order that the axes have at this step."""

    name: ClassVar[str] = "resample"

    spacing_mm: tuple[Millimetres, Millimetres, Millimetres]
    interpolation: Interpolation

    def run(self, image: Working) -> None:
        """Interpolates; the image is left as it is where it has this spacing.

        Raises:
            CcdsError: the new image would have too many voxels.
        """
        shape = image.voxels.shape
        old = spacing_of(image.affine)
        i, j, k = (
            1.0 if abs(new - now) * (length - 1) < SAME_MM and round(new / now, 3) == 1 else new / now
            for new, now, length in zip(self.spacing_mm, old, shape, strict=True)
        )
        if (i, j, k) == (1, 1, 1):
            return
        check_shape(tuple(length_after(length, step) for length, step in zip(shape, (i, j, k), strict=True)))
        affine = image.affine * np.array([i, j, k, 1])
        image.replace(resampled(image.voxels, (i, j, k), self.interpolation), affine)
