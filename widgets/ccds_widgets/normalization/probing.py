"""The values at a place: under the pointer, and at the same place in every other picture that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_widgets.normalization.full import Full
from ccds_widgets.normalization.messages import Probe
from ccds_widgets.normalization.results import Result

Answer = dict[str, Any]


def probe(request: Probe, shown: Sequence[Result], full: Full) -> Answer:
    """For each study its place (RAS, mm) and, side by side, value and pixel there; None beyond a picture.

    The same place of another study is as far from the middle of its volume: patients don't lie at the same place of a scanner.

    Raises:
        CcdsError: the pixel lies beyond the picture, or the volume is gone.
    """
    result = next((one for one in shown if one.revision == request.revision), None)
    if result is None:
        return {"gone": True}
    cut = result.cuts[request.plane].get(request.side)
    if cut is None or any(
        at >= most for at, most in zip((request.x, request.y, request.number), cut.size, strict=True)
    ):
        raise CcdsError(expected="a place in the picture", found="one beyond it", do="reload the page")
    affine = full.shown(result)[request.side].volume.affine
    place = (affine @ [*cut.voxel(request.x, request.y, request.number), 1])[:3]
    return {"studies": [_values(one, place - result.middle + one.middle, request, full) for one in shown]}


def _values(result: Result, place: npt.NDArray[np.float64], request: Probe, full: Full) -> Answer:
    answer: Answer = {"place_mm": place.tolist()}
    for side, picture in full.shown(result).items():
        volume = picture.volume
        index = np.rint(np.linalg.solve(volume.affine, [*place, 1])[:3]).astype(int)
        if np.all(index >= 0) and np.all(index < volume.voxels.shape):
            i, j, k = (int(at) for at in index)
            pixel = result.cuts[request.plane][side].pixel((i, j, k))
            answer[side.value] = {"value": float(volume.voxels[i, j, k]), "pixel": pixel}
        else:
            answer[side.value] = None
    return answer
