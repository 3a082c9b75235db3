"""The pictures that a page asks for by their numbers: rows of grey values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_widgets.normalization.coarser import as_scanned
from ccds_widgets.normalization.full import Full
from ccds_widgets.normalization.messages import Slices
from ccds_widgets.normalization.results import Result, Side
from ccds_widgets.normalization.tones import grey


def pictures_of(request: Slices, shown: Sequence[Result], full: Full) -> dict[str, Any]:
    """The pictures of each study in turn, before, after and beside; `gone` where a result isn't shown any more.

    Raises:
        CcdsError: there is no such slice, or the volume is gone.
    """
    by_revision = {result.revision: result for result in shown}
    if any(study.revision not in by_revision for study in request.studies):
        return {"gone": True}
    buffers = []
    for study in request.studies:
        result = by_revision[study.revision]
        cuts = result.cuts[request.plane]
        wanted = {Side.BEFORE: study.before, Side.AFTER: study.after, Side.BESIDE: study.beside}
        for side, numbers in wanted.items():
            if numbers and (side not in cuts or max(numbers) >= cuts[side].size[2]):
                raise CcdsError(expected="a slice of this volume", found="one beyond it", do="reload the page")
        pictures = full.shown(result)
        for side, numbers in wanted.items():
            if not numbers:
                continue
            made_by = {Side.BEFORE: None, Side.AFTER: result.recipe, Side.BESIDE: result.beside}[side]
            scanned = as_scanned(made_by.steps if made_by else ())
            low, high = request.display.range if request.display and scanned else pictures[side].range
            volume, cut = pictures[side].volume, cuts[side]
            buffers += [grey(cut.slice(volume, number), low, high) for number in numbers]
    return {"buffers": buffers}
