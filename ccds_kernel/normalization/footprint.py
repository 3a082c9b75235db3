"""How much memory a recipe takes for an image, by the image's header: what can't go well is refused before a voxel is read."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.interpolation import Interpolation
from ccds_kernel.normalization.move import Move, Triple
from ccds_kernel.normalization.nifti import Header
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import Foreground, Resample
from ccds_kernel.normalization.volume import Affine

_FLOAT = 4
_INT = 2
_FOREGROUND = 6
"""Bytes for each voxel of a mask while its largest piece is sought: two copies, and the numbers of pieces."""
_BESIDES = {"n4": 8}
"""Bytes for each voxel that a step takes besides the image, where that is more than a few slices: measured."""
_READABLE = (np.int16, np.float32)
_GB = 1e9


@runtime_checkable
class _Plans(Protocol):
    """A step that says by shape and affine what it makes of a grid; a foreground it can't know."""

    def planned(self, shape: Triple, affine: Affine) -> Move | None: ...


def footprint(recipe: Recipe, header: Header, labels: int = 0) -> int:
    """Bytes that reading the image and applying `recipe` take at once at most, as far as the header tells: voxels, no library.

    Args:
        recipe: what is applied.
        header: of the image.
        labels: how many label maps go along.

    Raises:
        StepError: a step makes no sense for such a grid, or its image would have too many voxels.
    """
    return max(needed for needed, _ in _needs(recipe, header, labels))


def check_memory(recipe: Recipe, header: Header, allowed: int, labels: int = 0) -> None:
    """Refuses an image whose `footprint` is more than the bytes `allowed`.

    Raises:
        CcdsError: reading takes more.
        StepError: as `footprint`; or a step takes more, and the message names the first.
    """
    for needed, place in _needs(recipe, header, labels):
        if needed <= allowed:
            continue
        found = f"a need of {needed / _GB:.3g} GB"
        expected = f"an image for which {allowed / _GB:.3g} GB of memory suffice"
        if not place:
            raise CcdsError(expected=expected, found=f"{found} to read it", do="take a session with more memory")
        raise StepError(
            place,
            expected=expected,
            found=f"{found} (step {place}, {recipe.steps[place - 1].name})",
            do="take a coarser spacing, or a session with more memory",
        )


def _needs(recipe: Recipe, header: Header, labels: int) -> list[tuple[int, int]]:
    """The bytes held at once while the image is read (place 0), and in each step (from 1)."""
    voxels = int(np.prod(header.shape))
    plain = header.stored in _READABLE and not header.scaled
    size = _INT if header.stored.kind in "biu" and header.stored.itemsize <= _INT else _FLOAT
    converted = 0 if plain else voxels * size
    given = voxels * size + labels * voxels * _INT
    needs = [(voxels * header.stored.itemsize + converted, 0)]
    shape, affine = header.shape, header.affine
    own = 0  # the image of the steps, where it isn't the given one
    for place, step in enumerate(recipe.steps, 1):
        if isinstance(step, Foreground):
            needs.append((given + own + voxels * _FOREGROUND, place))
            continue
        if not isinstance(step, _Plans):
            size = _FLOAT
            new = voxels * size
            needs.append((given + max(own, new + voxels * _BESIDES.get(step.name, 0)), place))
            own = new
            continue
        try:
            move = step.planned(shape, affine)
        except CcdsError as error:
            raise StepError(
                place, expected=error.expected, found=f"{error.found} (step {place}, {step.name})", do=error.do
            ) from error
        if move:
            shape, affine = move.shape, move.affine(affine)
            voxels = int(np.prod(shape))
            if isinstance(step, Resample) and step.interpolation is not Interpolation.NEAREST:
                size = _FLOAT
            new = voxels * (size + labels * _INT)
            needs.append((given + own + new, place))
            own = new
    if size != _FLOAT and recipe.output is Output.FLOAT32:
        needs.append((given + own + voxels * _FLOAT, len(recipe.steps)))
    return needs
