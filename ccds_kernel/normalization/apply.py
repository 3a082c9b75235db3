"""Applies a recipe to a volume: a pure function, the same to the bit whatever the processor (tested: x86-64) and its threads.

Label maps go along with the volume they were drawn on: only through the steps that change the grid, by the nearest voxel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.geometry import Geometry, labels_on
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import Step
from ccds_kernel.normalization.volume import Volume, Voxels, blocks
from ccds_kernel.normalization.working import Working


class StepError(CcdsError):
    """A step that makes no sense for a volume.

    Args:
        place: the step's in the recipe, from 1.
        expected, found, do: as of a `CcdsError`.
    """

    def __init__(self, place: int, *, expected: str, found: str, do: str) -> None:
        super().__init__(expected=expected, found=found, do=do)
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.place, expected=self.expected, found=self.found, do=self.do), ()


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a recipe made.

    Args:
        volume: with voxels of the type that the recipe says.
        labels: the label maps that went along, int16, on its grid.
        geometry: how its grid came about; by it labels find back (`geometry.undo`).
        skipped: the places of steps that found nothing to do (the image was already so), from 1.
    """

    volume: Volume
    labels: tuple[Volume, ...]
    geometry: Geometry
    skipped: tuple[int, ...]


def apply(recipe: Recipe, volume: Volume, *, watch: Callable[[int], None] | None = None) -> Volume:
    """What `recipe` makes of `volume`, which is not changed. One thread.

    Args:
        recipe: its steps are applied in order.
        volume: finite voxels, affine to RAS in mm.
        watch: called with each step's place, from 1, before it runs, and again and again while a slow one does; what it raises
            ends the work.

    Returns:
        A volume with voxels of the type that the recipe says.

    Raises:
        StepError: a step makes no sense for this volume, or the memory doesn't suffice for it; the message names the step.
        CcdsError: voxels would not survive the output's type.
    """
    return apply_with(recipe, volume, watch=watch).volume


def apply_with(
    recipe: Recipe, volume: Volume, labels: Sequence[Volume] = (), *, watch: Callable[[int], None] | None = None
) -> Outcome:
    """As `apply`, and tells what was done; `labels` go along.

    Args:
        recipe: its steps are applied in order.
        volume: finite voxels, affine to RAS in mm.
        labels: label maps or masks on the volume's grid: whole numbers.
        watch: as of `apply`.

    Raises:
        StepError, CcdsError: as `apply`, or labels that lie on another grid, or hold fractions.
    """
    skipped: list[int] = []
    image = Working(volume.voxels, volume.affine, labels=tuple(labels_on(volume, one) for one in labels))
    for place, step in enumerate(recipe.steps, 1):
        if watch:
            image.wanted = partial(watch, place)
            image.wanted()
        with at_step(place, step, image):
            step.run(image)
        if image.left:
            skipped.append(place)
            image.left = False
    voxels = _int16(image.voxels) if recipe.output is Output.INT16 else image.floats()
    return Outcome(
        Volume(voxels, image.affine),
        tuple(Volume(one, image.affine) for one in image.labels),
        Geometry(volume.voxels.shape, volume.affine, tuple(image.moves)),
        tuple(skipped),
    )


@contextmanager
def at_step(place: int, step: Step, image: Working) -> Iterator[None]:
    """Names the step in what is said of `image` meanwhile.

    Raises:
        StepError: what was a CcdsError, or a MemoryError.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # a volume is checked to be finite when it is made
            yield
    except CcdsError as error:
        raise StepError(
            place, expected=error.expected, found=f"{error.found} (step {place}, {step.name})", do=error.do
        ) from error
    except MemoryError as error:
        raise StepError(
            place,
            expected=f"memory for step {place}, {step.name}",
            found=f"too little for an image of shape {image.voxels.shape}",
            do="take a coarser spacing, or a session with more memory",
        ) from error


def _int16(voxels: Voxels) -> Voxels:
    """`voxels` as int16.

    Raises:
        CcdsError: some are fractions or out of range.
    """
    if voxels.dtype == np.int16:
        return voxels
    limits = np.iinfo(np.int16)
    lost = sum(
        int(np.count_nonzero((block != np.rint(block)) | (block < limits.min) | (block > limits.max)))
        for block in blocks(voxels)
    )
    if lost:
        raise CcdsError(
            expected=f"whole numbers from {limits.min} to {limits.max} for output: int16",
            found=f"{lost} of {voxels.size} voxels that are none",
            do="write output: float32 (or resample with interpolation: nearest, where it is a mask)",
        )
    return voxels.astype(np.int16)
