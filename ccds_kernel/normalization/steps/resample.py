"""`resample: {spacing_mm: [1, 1, 1], interpolation: linear}`: the same image on a grid with another spacing, or another shape.

The new grid keeps the directions of the axes and the centre of the first voxel. With `spacing_mm` it has every voxel whose
centre lies inside the old field of view (`interpolation.length_after`), with `shape` the last centre stays where it was, too: no
value is asked for outside the image. TorchIO and torch keep the field of view's edge instead; ITK and MONAI the first centre,
as here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.interpolation import Interpolation, Taps, length_after, resampled, sigma_for, taps
from ccds_kernel.normalization.move import Move, Triple
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.volume import LONGEST_AXIS, Affine, check_shape, spacing_of
from ccds_kernel.normalization.working import Working

SAME_MM = 1e-3
"""An axis whose last voxel would move by less than this is left as it is: headers hold spacings with seven digits."""

Millimetres = Annotated[Number, Field(ge=0.01, le=100)]
Length = Annotated[int, Field(strict=True, ge=1, le=LONGEST_AXIS)]


class Antialias(StrEnum):
    """What is done about detail finer than the new spacing."""

    NONE = "none"
    """Nothing: it aliases, as in ITK and MONAI."""
    GAUSSIAN = "gaussian"
    """Smoothed away along each axis whose spacing grows: see `interpolation.sigma_for`."""


class Resample(Parameters):
    """Gives the voxels the spacing `spacing_mm` (0.01 to 100 mm), or the image the `shape`, along i, j, k.

    The axes are in the order that they have at this step. `interpolation` is the image's; label maps always take the nearest
    voxel.
    """

    name: ClassVar[str] = "resample"

    spacing_mm: tuple[Millimetres, Millimetres, Millimetres] | None = None
    shape: tuple[Length, Length, Length] | None = None
    interpolation: Interpolation
    antialias: Antialias = Antialias.NONE

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.spacing_mm is None) == (self.shape is None):
            raise ValueError("give spacing_mm (three lengths, mm) or shape (three numbers of voxels), one of the two")
        if self.antialias is Antialias.GAUSSIAN and self.interpolation is Interpolation.NEAREST:
            raise ValueError("antialias: gaussian goes with interpolation: linear or cubic, not with nearest")
        return self

    def parameters(self) -> dict[str, Any]:
        """The parameters as a recipe file holds them: recipes from before `antialias` keep their hash."""
        given = super().parameters()
        if self.antialias is Antialias.NONE:
            del given["antialias"]
        return given

    def run(self, image: Working) -> None:
        """Interpolates; the image is left as it is where it has this spacing, or this shape.

        Raises:
            CcdsError: the new image would have too many voxels, or a single slice can't give several.
        """
        move = self.planned(image.voxels.shape, image.affine)
        if move is None:
            image.leave()
            return
        if self.interpolation is Interpolation.NEAREST:
            image.move(move)
            return
        i, j, k = (
            None if step == 1 else self._taps(length, count, step)
            for length, count, step in zip(move.old_shape, move.shape, move.step, strict=True)
        )
        image.move(move, resampled(image.voxels, (i, j, k)))

    def planned(self, shape: Triple, affine: Affine) -> Move | None:
        """The change of a grid of `shape` and `affine`; None where it is already as asked.

        Raises:
            CcdsError: as `run`.
        """
        if self.shape:
            i, j, k = (_step_to(length, count) for length, count in zip(shape, self.shape, strict=True))
            new = self.shape
        else:
            i, j, k = (
                1.0 if abs(mm - now) * (length - 1) < SAME_MM and round(mm / now, 3) == 1 else mm / now
                for mm, now, length in zip(self.spacing_mm or (), spacing_of(affine), shape, strict=True)
            )
            a, b, c = (
                length if step == 1 else length_after(length, step)
                for length, step in zip(shape, (i, j, k), strict=True)
            )
            new = (a, b, c)
        check_shape(new)
        return None if (i, j, k) == (1, 1, 1) else Move((0, 1, 2), (0, 0, 0), (i, j, k), shape, new)

    def _taps(self, length: int, count: int, step: float) -> Taps:
        sigma = sigma_for(step) if self.antialias is Antialias.GAUSSIAN else 0.0
        return taps(length, count, step, self.interpolation, sigma)


def _step_to(length: int, count: int) -> float:
    """How far `count` voxels are apart that reach from the first to the last of `length`; a single one stands for all."""
    if count == length:
        return 1.0
    if length == 1:
        raise CcdsError(
            expected=f"at least 2 voxels along each axis, to make {count} of them",
            found="1",
            do="take a shape of 1 there, or leave the image out",
        )
    return (length - 1) / (count - 1) if count > 1 else float(length)
