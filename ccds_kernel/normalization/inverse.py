"""The way back of intensities, where a recipe has one: its steps are straight lines that are the same for every image.

That is so of `rescale` with `from` and of `z_score` with `mean` and `sd`. `window` and `clip` cut, and what the others do
depends on the image. The way back of places is `geometry.Geometry.undo`.
"""

from __future__ import annotations

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import CropPad, Foreground, Reorient, Resample, Rescale, Step, ZScore
from ccds_kernel.normalization.volume import Volume

_LEAVE_VALUES = (CropPad, Foreground, Reorient, Resample)


def undo_values(recipe: Recipe, volume: Volume) -> Volume:
    """The values that `recipe` made those of `volume` of, on the grid of `volume`; float32, rounded once for all steps.

    Args:
        recipe: by which the volume was made, or an image like it (what a network gives, say).
        volume: normalized values.

    Raises:
        CcdsError: a step has no way back; the message names the first.
    """
    slope, intercept = 1.0, 0.0
    for place, step in enumerate(recipe.steps, 1):
        line = _line(step)
        if line is None:
            raise CcdsError(
                expected="steps whose values find back (rescale with from, z_score with mean and sd)",
                found=f"{step.name}, step {place}",
                do="keep the image as it came",
            )
        slope, intercept = slope * line[0], intercept * line[0] + line[1]
    values = (volume.voxels.astype(np.float64) - intercept) / slope
    with np.errstate(over="ignore"):  # a volume is checked to be finite when it is made
        return Volume(values.astype(np.float32), volume.affine)


def _line(step: Step) -> tuple[float, float] | None:
    """Slope and intercept of what the step does to each value; None where it is no line, or another for each image."""
    if isinstance(step, _LEAVE_VALUES):
        return 1.0, 0.0
    if isinstance(step, ZScore) and step.mean is not None and step.sd is not None:
        return 1 / step.sd, -step.mean / step.sd
    if isinstance(step, Rescale) and step.source is not None:
        (low, high), (start, end) = step.source, step.range
        slope = (end - start) / (high - low)
        return slope, start - low * slope
    return None
