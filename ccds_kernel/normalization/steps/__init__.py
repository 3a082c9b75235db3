"""The steps that recipes are made of: one file each, registered here by name."""

from __future__ import annotations

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
from ccds_kernel.normalization.steps.wrong import parameter_names, short, suggestion, wrong
from ccds_kernel.normalization.steps.z_score import ZScore

STEPS: Final[Mapping[str, type[Parameters]]] = {
    step.name: step
    for step in (Reorient, Resample, CropPad, Foreground, Window, Clip, Rescale, ZScore, Nyul, WhiteStripe, N4)
}
"""Name → step. A new step is a file beside this one and a word in this line."""


def make_step(name: str, parameters: object) -> Step:
    """The step `name` with `parameters`, as a recipe file holds them.

    Raises:
        CcdsError: no such step, or a parameter is missing, unknown or wrong; the message names it and what there is.
    """
    if name not in STEPS:
        raise CcdsError(
            expected=f"one of the steps {', '.join(STEPS)}", found=short(name), do=suggestion(name, list(STEPS))
        )
    known = STEPS[name]
    if not isinstance(parameters, Mapping):
        raise CcdsError(
            expected=f"the parameters of {name} as a map ({', '.join(parameter_names(known))})",
            found=short(parameters),
            do="give each parameter as 'name: value'",
        )
    try:
        step = known.model_validate(dict(parameters))
    except ValidationError as error:
        raise wrong(known, error) from None
    assert isinstance(step, Step)  # noqa: S101 - tells mypy: what is registered is one
    return step


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
