"""The steps that recipes are made of: one file each, registered here by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.steps.clip import Clip
from ccds_kernel.normalization.steps.crop_pad import CropPad
from ccds_kernel.normalization.steps.foreground import Foreground
from ccds_kernel.normalization.steps.n4 import N4
from ccds_kernel.normalization.steps.nyul import Nyul
from ccds_kernel.normalization.steps.reorient import Reorient
from ccds_kernel.normalization.steps.resample import Resample
from ccds_kernel.normalization.steps.rescale import Rescale
from ccds_kernel.normalization.steps.step import Parameters, Step
from ccds_kernel.normalization.steps.white_stripe import WhiteStripe
from ccds_kernel.normalization.steps.window import Window
from ccds_kernel.normalization.steps.z_score import ZScore

STEPS: Final[Mapping[str, type[Parameters]]] = {
    step.name: step
    for step in (Reorient, Resample, CropPad, Foreground, Window, Clip, Rescale, ZScore, Nyul, WhiteStripe, N4)
}
"""Name → step. A new step is a file beside this one and a word in this line."""

_MEASURE = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*[^\d\s]+")
"""A number with a unit after it."""


def make_step(name: str, parameters: object) -> Step:
    """The step `name` with `parameters`, as a recipe file holds them.

    Raises:
        CcdsError: no such step, or a parameter is missing, unknown or wrong; the message names it and what there is.
    """
    if name not in STEPS:
        raise CcdsError(
            expected=f"one of the steps {', '.join(STEPS)}", found=_short(name), do=_suggestion(name, list(STEPS))
        )
    known = STEPS[name]
    if not isinstance(parameters, Mapping):
        raise CcdsError(
            expected=f"the parameters of {name} as a map ({', '.join(parameter_names(known))})",
            found=_short(parameters),
            do="give each parameter as 'name: value'",
        )
    try:
        step = known.model_validate(dict(parameters))
    except ValidationError as error:
        raise _wrong(known, error) from None
    assert isinstance(step, Step)  # noqa: S101 - tells mypy: what is registered is one
    return step


def parameter_names(step: type[Parameters], *, required: bool = False) -> list[str]:
    """What recipes call the parameters of `step`: all, or those that can't be left out."""
    fields = step.model_fields.items()
    return [field.alias or name for name, field in fields if field.is_required() or not required]


def _wrong(step: type[Parameters], error: ValidationError) -> CcdsError:
    """What is wrong with the first offending parameter, unknown ones first: a misspelt one is also a missing one."""
    errors = error.errors(include_url=False, include_context=False)
    first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    there_are = parameter_names(step)
    if first["type"] == "extra_forbidden":
        return CcdsError(
            expected=f"the parameters {', '.join(there_are)} of {step.name}",
            found=_short(key),
            do=_suggestion(key, there_are),
        )
    if first["type"] == "missing":
        return CcdsError(
            expected=f"the parameter {key} of {step.name}",
            found="none",
            do=f"add it ({', '.join(parameter_names(step, required=True))} are needed)",
        )
    what = first["msg"].removeprefix("Value error, ")
    where = f"{key} of {step.name}" if key else f"the parameters of {step.name}"
    do = "mend it in the recipe"
    if isinstance(first["input"], str) and (measure := _MEASURE.fullmatch(first["input"].strip())):
        unit = step.units.get(str(first["loc"][0]))
        do = f"write {measure[1]} alone" + (f", in {unit}" if unit else "")
    return CcdsError(expected=f"{where} to be right: {what}", found=_short(first["input"]), do=do)


def _suggestion(word: object, words: list[str]) -> str:
    near = difflib.get_close_matches(str(word), words, 1)
    return f"write {near[0]}" if near else "take one of these"


def _short(value: object) -> str:
    return repr(value)[:80]


__all__ = [
    "N4",
    "STEPS",
    "Clip",
    "CropPad",
    "Foreground",
    "Nyul",
    "Reorient",
    "Resample",
    "Rescale",
    "Step",
    "WhiteStripe",
    "Window",
    "ZScore",
    "make_step",
]
