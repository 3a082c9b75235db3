"""Volumes and results as the page takes them: JSON without pixels."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.planes import Cut
from ccds_widgets.normalization.results import Picture, Result


def volume_json(entry: VolumeEntry) -> dict[str, Any]:
    """One line of the list of volumes."""
    return {"id": entry.id, **asdict(entry)}


def result_json(result: Result, before: Picture, after: Picture) -> dict[str, Any]:
    """Everything of a result but its pixels."""
    planes = {}
    for plane, linked in result.linked.items():
        planes[plane.value] = {
            "axis": linked.before.axis,
            "stations": linked.stations(),
            "before": _cut_json(linked.before),
            "after": _cut_json(linked.after),
        }
    return {
        "revision": result.revision,
        "volume": result.entry.id,
        "version": result.version,
        "recipe": result.recipe.digest(),
        "before": _picture_json(before),
        "after": _picture_json(after),
        "planes": planes,
    }


def _picture_json(picture: Picture) -> dict[str, Any]:
    return {
        "shape": picture.volume.voxels.shape,
        "spacing_mm": picture.volume.spacing_mm,
        "range": picture.range,
        "histogram": asdict(picture.histogram),
    }


def _cut_json(cut: Cut) -> dict[str, Any]:
    return {
        "size": cut.size,
        "spacing_mm": cut.spacing_mm,
        "first_mm": cut.first_mm,
        "step_mm": cut.step_mm,
        "edges": cut.edges,
        "tilt_deg": round(cut.tilt_deg, 1),
    }
