"""`crop_pad: {shape: [256, 256, 160], to: center}`: voxels cut off or added at the sides; no value between them is made."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.move import Move, Triple
from ccds_kernel.normalization.steps.resample import Length
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.volume import AXES, Affine, check_shape, spacing_of
from ccds_kernel.normalization.working import Foreground, Working

Box = tuple[tuple[int, int], ...]
"""For each axis the first voxel and the one after the last."""


class To(StrEnum):
    """What stays in the middle."""

    CENTER = "center"
    """The middle of the image."""
    FOREGROUND = "foreground"
    """The middle of the box around the foreground, which a step `foreground` before has marked."""


class CropPad(Parameters):
    """Gives the image the `shape`, or leaves `margin_mm` around the foreground's box (rounded up to whole voxels).

    Voxels that are added get the value `fill`, or the lowest of the image where that is left out; labels get 0. Where an odd
    number of voxels comes or goes, the odd one does at the end of the axis.
    """

    name: ClassVar[str] = "crop_pad"

    shape: tuple[Length, Length, Length] | None = None
    margin_mm: Annotated[Number, Field(ge=0, le=1000)] | None = None
    to: To
    fill: Annotated[Number, Field(ge=-1e6, le=1e6)] | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.shape is None) == (self.margin_mm is None):
            raise ValueError("give shape (three numbers of voxels) or margin_mm, one of the two")
        if self.margin_mm is not None and self.to is not To.FOREGROUND:
            raise ValueError("margin_mm goes with to: foreground")
        return self

    def run(self, image: Working) -> None:
        """Cuts and adds; the image is left as it is where nothing comes or goes.

        Raises:
            CcdsError: the foreground is asked for and no step has marked it, or nothing is left of it; the new image
                would have too many voxels.
        """
        box = _box(image.foreground) if self.to is To.FOREGROUND else None
        move = self.planned(image.voxels.shape, image.affine, box)
        if move is None:
            image.leave()
            return
        fill = float(image.voxels.min()) if self.fill is None else self.fill
        if image.voxels.dtype == np.int16 and not (fill.is_integer() and abs(fill) <= np.iinfo(np.int16).max):
            image.floats()
        image.move(move, fill=fill)

    def planned(self, shape: Triple, affine: Affine, box: Box | None = None) -> Move | None:
        """The change of a grid of `shape` and `affine`; None where nothing comes or goes.

        Args:
            shape: of the old grid.
            affine: of the old grid.
            box: of the foreground; None takes the whole image.

        Raises:
            CcdsError: the new image would have too many voxels.
        """
        box = box or tuple((0, length) for length in shape)
        if self.shape:
            ends = [(_first(low, high, length), length) for (low, high), length in zip(box, self.shape, strict=True)]
        else:
            margins = [math.ceil((self.margin_mm or 0) / mm - 1e-6) for mm in spacing_of(affine)]
            ends = [(low - m, high - low + 2 * m) for (low, high), m in zip(box, margins, strict=True)]
        (a, i), (b, j), (c, k) = ends
        if (a, b, c, i, j, k) == (0, 0, 0, *shape):
            return None
        check_shape((i, j, k))
        return Move((0, 1, 2), (a, b, c), (1, 1, 1), shape, (i, j, k), cut=True)


def _box(foreground: Foreground | None) -> Box:
    """The first voxel and the one after the last, along each axis, that the foreground has."""
    if foreground is None:
        raise CcdsError(
            expected="a foreground",
            found="no step that marks it",
            do="put a step foreground before, or take to: center",
        )
    box = []
    for axis in range(AXES):
        there = np.flatnonzero(foreground.any(axis=tuple(other for other in range(AXES) if other != axis)))
        if not there.size:
            raise CcdsError(
                expected="voxels in the foreground", found="none", do="mark it anew after the step that cut it off"
            )
        box.append((int(there[0]), int(there[-1]) + 1))
    return tuple(box)


def _first(low: int, high: int, length: int) -> int:
    """Where `length` voxels begin that have the middle of those from `low` up to `high`."""
    spare = high - low - length
    return low + (spare // 2 if spare > 0 else -(-spare // 2))
