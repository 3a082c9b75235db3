"""How coarse the copy is that follows a slider, and what a step is on it that gives an image another grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from ccds_kernel.normalization.steps import Step
from ccds_kernel.normalization.steps.reorient import turns_to
from ccds_kernel.normalization.volume import Volume, spacing_of
from ccds_kernel.normalization.working import Working

MOST_VOXELS: Final = 1 << 21
N4_TIMES: Final = 2
"""N4 is fitted at so many times its spacing, which takes an eighth of the time."""

Factors = tuple[float, float, float]


def coarsened(volume: Volume) -> tuple[Working, Factors]:
    """Every n-th voxel of `volume`, the first one among them: at most `MOST_VOXELS`, as near to cubes as that gives.

    Returns:
        The copy, and n along i, j, k.
    """
    shape, spacing = volume.voxels.shape, volume.spacing_mm
    factors = (1, 1, 1)
    while math.prod(-(-length // n) for length, n in zip(shape, factors, strict=True)) > MOST_VOXELS:
        lengths = [n * mm if n < length else math.inf for n, mm, length in zip(factors, spacing, shape, strict=True)]
        finest = lengths.index(min(lengths))
        i, j, k = (n + (axis == finest) for axis, n in enumerate(factors))
        factors = (i, j, k)
    i, j, k = factors
    voxels: Any = volume.voxels[::i, ::j, ::k].copy(order="F")
    affine = volume.affine.copy()
    affine[:3, :3] *= factors
    return Working(voxels, affine), (float(i), float(j), float(k))


def coarser_step(step: Step, image: Working, factors: Factors) -> tuple[Step, Factors]:
    """`step` for a copy, and how coarse the copy is after it.

    Args:
        step: of the recipe.
        image: the copy before the step.
        factors: how many voxels of the whole volume's image one of `image` stands for, along i, j, k.
    """
    if step.name == "reorient":
        turns = turns_to(image.affine, step.parameters()["to"])
        i, j, k = (factors[old] for old, _ in turns)
        return step, (i, j, k)
    if step.name == "resample":
        return _resampled(step, image)
    if step.name == "n4":
        return _changed(step, spacing_mm=N4_TIMES * step.parameters()["spacing_mm"]), factors
    shape = getattr(step, "shape", None)
    if step.name == "crop_pad" and shape is not None:  # so many voxels cut out or added
        kept = [max(1, round(new / factor)) for new, factor in zip(shape, factors, strict=True)]
        return _changed(step, shape=tuple(kept)), factors
    return step, factors


def _resampled(step: Any, image: Working) -> tuple[Step, Factors]:  # noqa: ANN401 - a `Resample` with one of two targets
    """No axis gets more voxels than it has."""
    if step.shape is not None:
        kept = [min(new, old) for new, old in zip(step.shape, image.voxels.shape, strict=True)]
        i, j, k = (new / coarse for new, coarse in zip(step.shape, kept, strict=True))
        return _changed(step, shape=tuple(kept)), (i, j, k)
    now = spacing_of(image.affine)
    wide = [max(new, old) for new, old in zip(step.spacing_mm, now, strict=True)]
    i, j, k = (coarse / new for coarse, new in zip(wide, step.spacing_mm, strict=True))
    return _changed(step, spacing_mm=tuple(wide)), (i, j, k)


def as_scanned(steps: Sequence[Step]) -> bool:
    """Whether `steps` leave intensities on the scale that they were scanned in, HU for one."""
    return not any(step.maps for step in steps)


def _changed(step: Any, **values: Any) -> Step:  # noqa: ANN401 - any step that has this parameter
    changed: Step = step.model_copy(update=values)
    return changed
