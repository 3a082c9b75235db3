"""`reorient: {to: RAS}`: axes swapped and turned so that they run as asked; no value is changed."""

from __future__ import annotations

import itertools
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from ccds_kernel.normalization.move import Move, Triple
from ccds_kernel.normalization.steps.step import Parameters
from ccds_kernel.normalization.volume import AXES, Affine, spacing_of
from ccds_kernel.normalization.working import Working

LETTERS = ("RL", "AP", "SI")
"""For each axis of RAS the letters of its two directions, the positive one first."""

Turn = tuple[int, bool]
"""Which old axis a new one is, and whether it runs the other way."""


def _axis_codes(codes: str) -> str:
    if sorted(next((row for row, pair in enumerate(LETTERS) if code in pair), -1) for code in codes) != [0, 1, 2]:
        raise ValueError("must be three letters, one each of R or L, A or P, S or I, such as RAS")
    return codes


class Reorient(Parameters):
    """Lets i, j, k run to the sides that `to` names (R = to the patient's right, and so on).

    Oblique images stay oblique: each axis goes to the side that it is nearest to, all three together, and every voxel stays
    where it was in the patient. Nothing is interpolated.
    """

    name: ClassVar[str] = "reorient"

    to: Annotated[str, AfterValidator(_axis_codes)]

    def run(self, image: Working) -> None:
        """Permutes and flips axes; the image is left as it is where they already run as asked."""
        move = self.planned(image.voxels.shape, image.affine)
        if move is None:
            image.leave()
            return
        image.move(move)

    def planned(self, shape: Triple, affine: Affine) -> Move | None:
        """The change of a grid of `shape` and `affine`; None where its axes already run as asked."""
        turns = turns_to(affine, self.to)
        if turns == tuple((axis, False) for axis in range(AXES)):
            return None
        (a, x), (b, y), (c, z) = turns
        return Move(
            axes=(a, b, c),
            start=(_start(shape[a], x), _start(shape[b], y), _start(shape[c], z)),
            step=(-1 if x else 1, -1 if y else 1, -1 if z else 1),
            old_shape=shape,
            shape=(shape[a], shape[b], shape[c]),
        )


def _start(length: int, flipped: bool) -> int:
    """Where the first voxel of an axis comes from."""
    return length - 1 if flipped else 0


def turns_to(affine: Affine, codes: str) -> tuple[Turn, ...]:
    """For each new axis, which old one it is and whether that is flipped, for axes that run to `codes`."""
    cosines = affine[:3, :3] / spacing_of(affine)
    along = max(
        itertools.permutations(range(AXES)),  # for each old axis the axis of RAS that it is taken for
        key=lambda rows: sum(abs(float(cosines[row, old])) for old, row in enumerate(rows)),
    )
    turns = []
    for code in codes:
        row = next(row for row, pair in enumerate(LETTERS) if code in pair)
        old = along.index(row)
        turns.append((old, bool((cosines[row, old] > 0) != (code == LETTERS[row][0]))))
    return tuple(turns)
