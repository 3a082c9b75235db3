"""What a draft would make of the volumes: on their coarser copies, fast enough to follow a slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.volume import spacing_of
from ccds_widgets.base import sentence
from ccds_widgets.normalization.coarser import as_scanned
from ccds_widgets.normalization.copies import Stage, TooSlow
from ccds_widgets.normalization.draft import check, plain
from ccds_widgets.normalization.full import Full
from ccds_widgets.normalization.messages import Try
from ccds_widgets.normalization.planes import Cut
from ccds_widgets.normalization.results import Result
from ccds_widgets.normalization.shown import cut_json
from ccds_widgets.normalization.tones import grey, histogram

Answer = dict[str, Any]
_SAMPLE = 1 << 18
"""Voxels that a histogram counts while a slider is held: more cost more time than the picture."""


def glimpse(request: Try, shown: Sequence[Result], full: Full) -> Answer:
    """A picture of each study, and what each step does to the first one.

    Returns:
        `studies`, each with `revision`, `cut`, `number`, `range`, `histogram`, `spacing_mm`, and its picture in `buffers`;
        `steps`, for each of the draft None (off) or range and spacing after it, with `start` before the first. Or `wrong`, the
        errors by place; or `slow`, the step that this can't wait for.

    Raises:
        CcdsError: a volume is gone.
    """
    checked = check(request.draft)
    if checked.recipe is None or not shown:
        errors = [
            sentence(error) if error and step.on else None
            for error, step in zip(checked.errors, request.draft.steps, strict=True)
        ]
        return {"wrong": errors}
    until = len(request.draft.steps) if request.until is None else request.until
    last = sum(place < until for place in checked.places)
    studies, buffers, told = [], [], None
    for result in shown:
        try:
            stages = full.copy(result).run(checked.recipe, slow=False)
        except TooSlow as slow:
            return {"slow": slow.step}
        except StepError as error:
            line = sentence(plain(error))
            return {"wrong": _at(checked.places[error.place - 1], line, len(request.draft.steps))}
        told = told or stages
        scanned = as_scanned(checked.recipe.steps[:last])
        study, picture = _picture(request, result, shown[0], stages[last], scanned=scanned)
        studies.append(study)
        buffers.append(picture)
    assert told  # noqa: S101 - tells mypy: there is a study
    lines: list[Answer | None] = [None] * len(request.draft.steps)
    for place, stage in zip(checked.places, told[1:], strict=True):
        lines[place] = _line(stage)
    return {"studies": studies, "start": _line(told[0]), "steps": lines, "buffers": buffers}


def _picture(request: Try, result: Result, first: Result, stage: Stage, *, scanned: bool) -> tuple[Answer, bytes]:
    volume = stage.volume
    cut = Cut.of(volume, request.plane, result.middle)
    number = cut.nearest(request.position - float(first.middle[cut.axis]) + float(result.middle[cut.axis]))
    low, high = request.display.range if request.display and scanned else stage.range
    flat = volume.voxels.reshape(-1, order="F")
    answer = {
        "revision": result.revision,
        "cut": cut_json(cut),
        "number": number,
        "range": stage.range,
        "spacing_mm": volume.spacing_mm,
        "histogram": asdict(histogram(flat[:: max(1, flat.size // _SAMPLE) | 1])),
    }
    return answer, grey(cut.slice(volume, number), low, high)


def _line(stage: Stage) -> Answer:
    spacing = spacing_of(stage.image.affine)
    return {
        "range": stage.range,
        "spacing_mm": [coarse / factor for coarse, factor in zip(spacing, stage.factors, strict=True)],
    }


def _at(place: int, line: str, length: int) -> list[str | None]:
    return [line if at == place else None for at in range(length)]
