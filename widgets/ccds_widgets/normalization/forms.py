"""The fields in which a step's parameters are typed, and what stands in them when the step is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from ccds_kernel.normalization.interpolation import Interpolation
from ccds_kernel.normalization.masks import Mask
from ccds_kernel.normalization.steps.crop_pad import To
from ccds_kernel.normalization.steps.foreground import Keep, Method
from ccds_kernel.normalization.steps.resample import Antialias
from ccds_kernel.normalization.steps.white_stripe import Peak


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
        optional: whether it may stay empty; it is left out of the recipe then.
        slide: least, most and step of a slider beside each number; None for no slider. Others may be typed.
    """

    parameter: str
    kind: Literal["text", "number", "numbers", "choice"]
    start: str | float | tuple[str | float, ...]
    label: str
    unit: str = ""
    options: tuple[str, ...] = ()
    optional: bool = False
    slide: tuple[float, float, float] | None = None


FORMS: Final[Mapping[str, tuple[FormField, ...]]] = {
    "reorient": (FormField("to", "text", "RAS", "to"),),
    "resample": (
        FormField("spacing_mm", "numbers", (1.0, 1.0, 1.0), "spacing", "mm", optional=True, slide=(0.5, 5, 0.1)),
        FormField("shape", "numbers", ("", "", ""), "or shape", "voxels", optional=True),
        FormField("interpolation", "choice", "linear", "interpolation", options=tuple(Interpolation)),
        FormField("antialias", "choice", "none", "anti-aliasing", options=tuple(Antialias)),
    ),
    "crop_pad": (
        FormField("shape", "numbers", (256, 256, 160), "shape", "voxels", optional=True),
        FormField("margin_mm", "number", "", "or margin", "mm", optional=True, slide=(0, 50, 1)),
        FormField("to", "choice", "center", "around", options=tuple(To)),
        FormField("fill", "number", "", "fill", optional=True),
    ),
    "foreground": (
        FormField("method", "choice", "otsu", "method", options=tuple(Method)),
        FormField("above", "number", "", "above", "HU", optional=True, slide=(-1000, 1000, 5)),
        FormField("keep", "choice", "largest", "keep", options=tuple(Keep)),
    ),
    "window": (
        FormField("center", "number", 40.0, "center", "HU", slide=(-1000, 1500, 5)),
        FormField("width", "number", 80.0, "width", "HU", slide=(5, 3000, 5)),
    ),
    "clip": (FormField("percentiles", "numbers", (0.5, 99.5), "percentiles", "%", slide=(0, 100, 0.1)),),
    "rescale": (
        FormField("range", "numbers", (0.0, 1.0), "to"),
        FormField("from", "numbers", ("", ""), "from (or least, most)", optional=True),
    ),
    "z_score": (
        FormField("mask", "choice", "none", "mask", options=("", *Mask), optional=True),
        FormField("mean", "number", "", "or mean", optional=True),
        FormField("sd", "number", "", "and deviation", optional=True),
    ),
    "nyul": (
        FormField("mask", "choice", "otsu", "mask", options=tuple(Mask)),
        FormField("percentiles", "numbers", (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99), "percentiles", "%"),
        FormField("range", "numbers", (0.0, 100.0), "first and last landmark"),
    ),
    "white_stripe": (
        FormField("mask", "choice", "nonzero", "mask", options=tuple(Mask)),
        FormField("peak", "choice", "last", "peak", options=tuple(Peak)),
        FormField("width", "number", 0.05, "width", slide=(0.01, 0.2, 0.01)),
    ),
    "n4": (
        FormField("mask", "choice", "otsu", "mask", options=tuple(Mask)),
        FormField("spacing_mm", "number", 4.0, "fitted every", "mm"),
    ),
}
"""Step → its fields, for every registered step."""


def given(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The `parameters` of step `name` without the optional ones that stand empty."""
    optional = {field.parameter for field in FORMS.get(name, ()) if field.optional}
    return {key: value for key, value in parameters.items() if key not in optional or not _empty(value)}


def forms_json() -> list[dict[str, Any]]:
    """The forms as the page takes them."""
    return [{"name": name, "fields": [asdict(field) for field in fields]} for name, fields in FORMS.items()]


def _empty(value: object) -> bool:
    return value in ("", None) or (isinstance(value, (list, tuple)) and all(one in ("", None) for one in value))
