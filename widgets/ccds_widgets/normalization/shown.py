"""Volumes and results as the page takes them: JSON without pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.planes import Cut
from ccds_widgets.normalization.results import Picture, Result, Side


def volume_json(entry: VolumeEntry) -> dict[str, Any]:
    """One line of the list of volumes."""
    return {"id": entry.id, **asdict(entry)}


def result_json(result: Result, pictures: Mapping[Side, Picture]) -> dict[str, Any]:
    """Everything of a result but its pixels."""
    return {
        "revision": result.revision,
        "volume": result.entry.id,
        "version": result.version,
        "recipe": result.recipe.digest(),
        "middle_mm": result.middle.tolist(),
        "sides": {side.value: _picture_json(picture) for side, picture in pictures.items()},
        "planes": {
            plane.value: {
                "axis": cuts[Side.BEFORE].axis,
                "cuts": {side.value: cut_json(cut) for side, cut in cuts.items()},
            }
            for plane, cuts in result.cuts.items()
        },
    }


def cut_json(cut: Cut) -> dict[str, Any]:
    """How a volume is cut."""
    return {
        "size": cut.size,
        "spacing_mm": cut.spacing_mm,
        "first_mm": cut.first_mm,
        "step_mm": cut.step_mm,
        "edges": cut.edges,
        "tilt_deg": round(cut.tilt_deg, 1),
    }


def _picture_json(picture: Picture) -> dict[str, Any]:
    return {
        "shape": picture.volume.voxels.shape,
        "spacing_mm": picture.volume.spacing_mm,
        "range": picture.range,
        "histogram": asdict(picture.histogram),
        "numbers": asdict(picture.numbers),
    }
