"""The fields in which a step's parameters are typed, and what stands in them when the step is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from ccds_kernel.normalization.interpolation import Interpolation
from ccds_kernel.normalization.steps.z_score import Mask


@dataclass(frozen=True, slots=True)
class FormField:
    """One parameter.

    Args:
        parameter: what recipes call it.
        kind: text, one number, a list of numbers, or a choice.
        start: what stands there first, as recipes hold it.
        label: what the page calls it.
        unit: after it; empty for none.
        options: of a choice.
    """

    parameter: str
    kind: Literal["text", "number", "numbers", "choice"]
    start: str | float | tuple[float, ...]
    label: str
    unit: str = ""
    options: tuple[str, ...] = ()


FORMS: Final[Mapping[str, tuple[FormField, ...]]] = {
    "reorient": (FormField("to", "text", "RAS", "to"),),
    "resample": (
        FormField("spacing_mm", "numbers", (1.0, 1.0, 1.0), "spacing", "mm"),
        FormField("interpolation", "choice", "linear", "interpolation", options=tuple(Interpolation)),
    ),
    "window": (
        FormField("center", "number", 40.0, "center", "HU"),
        FormField("width", "number", 80.0, "width", "HU"),
    ),
    "clip": (FormField("percentiles", "numbers", (0.5, 99.5), "percentiles", "%"),),
    "rescale": (FormField("range", "numbers", (0.0, 1.0), "darkest and brightest to"),),
    "z_score": (FormField("mask", "choice", "none", "mask", options=tuple(Mask)),),
}
"""Step → its fields, for every registered step."""


def forms_json() -> list[dict[str, Any]]:
    """The forms as the page takes them."""
    return [{"name": name, "fields": [asdict(field) for field in fields]} for name, fields in FORMS.items()]
