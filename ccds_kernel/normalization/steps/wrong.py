"""What is wrong with a step's parameters, in the words of people who write recipes: pydantic's own reach nobody."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic import ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.steps.step import Parameters

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MEASURE = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))\s*([^\d\s]+)")
"""A number with a unit after it."""
_MILLIMETRES: Final[Mapping[str, float]] = {"mm": 1, "cm": 10, "m": 1000, "µm": 0.001, "um": 0.001}
_SAME: Final[Mapping[str, str]] = {"%": "percent", "hu": "HU"}
"""How people write a unit → how `Parameters.units` does."""
_COUNTS: Final[Mapping[int, str]] = {2: "two", 3: "three"}
_TEXTS: Final[Mapping[str, str]] = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_pattern_mismatch": "text of the form {pattern}",
    "greater_than_equal": "at least {ge:.7g}",
    "less_than_equal": "at most {le:.7g}",
    "enum": "{expected}",
}
"""pydantic's kind of error → what would be right."""


def parameter_names(step: type[Parameters], *, required: bool = False) -> list[str]:
    """What recipes call the parameters of `step`: all, or those that can't be left out."""
    fields = step.model_fields.items()
    return [field.alias or name for name, field in fields if field.is_required() or not required]


def wrong(step: type[Parameters], error: ValidationError) -> CcdsError:
    """What is wrong with the first offending parameter, unknown ones first: a misspelt one is also a missing one."""
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    place = first["loc"]
    key = str(place[0]) if place else ""
    there_are = parameter_names(step)
    if first["type"] == "extra_forbidden":
        return CcdsError(
            expected=f"the parameters {', '.join(there_are)} of {step.name}",
            found=short(key),
            do=suggestion(key, there_are),
        )
    if first["type"] == "missing" and len(place) == 1:
        return CcdsError(
            expected=f"the parameter {key} of {step.name}",
            found="none",
            do=f"add it ({', '.join(parameter_names(step, required=True))} are needed)",
        )
    value = first["input"]
    do: str | None
    where = f"{key} of {step.name}" if key else f"the parameters of {step.name}"
    if first["type"] in ("missing", "tuple_type", "too_long", "too_short"):
        what, do = _as_list(step, first)
    else:
        where = f"number {place[1] + 1} of {where}" if len(place) > 1 and isinstance(place[1], int) else where
        what, do = _text(first), _plain(value, step.units.get(key))
    return CcdsError(expected=f"{where} to be right: {what}", found=short(value), do=do or "mend it in the recipe")


def suggestion(word: object, words: list[str]) -> str:
    """What to do about `word`, which should be one of `words`."""
    near = difflib.get_close_matches(str(word), words, 1)
    return f"write {near[0]}" if near else "take one of these"


def short(value: object) -> str:
    """`value` as far as a line has room for it."""
    return repr(value)[:80]


def _text(error: ErrorDetails) -> str:
    said = _TEXTS.get(error["type"])
    if said is None:
        return error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return said.format_map(error.get("ctx", {}))


def _plain(value: object, unit: str | None) -> str | None:
    """How to write the number alone that `value` holds as text, in `unit`; None where it holds none."""
    if not isinstance(value, str):
        return None
    measure = _MEASURE.fullmatch(value.strip())
    if measure is None:
        number = _number(value)
        return None if number is None else f"write {number:g}, a plain number"
    given = _SAME.get(measure[2].lower(), measure[2])
    if unit is None or given == unit:
        return f"write {measure[1]} alone" + (f", in {unit}" if unit else "")
    if unit == "mm" and given in _MILLIMETRES:
        return f"write {float(measure[1]) * _MILLIMETRES[given]:g} alone, in mm"
    return f"write the number alone, in {unit}"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _as_list(step: type[Parameters], error: ErrorDetails) -> tuple[str, str]:
    """What a list of numbers should be, and how to write it."""
    key = str(error["loc"][0])
    [field] = (field for name, field in step.model_fields.items() if key in (name, field.alias))
    many = next(_lengths(field.annotation), None)
    if many is None:  # of any length, between two limits
        limits: Mapping[str, Any] = error.get("ctx", {})
        what = f"at least {limits['min_length']} numbers" if "min_length" in limits else "a list of numbers"
        what = f"at most {limits['max_length']} numbers" if "max_length" in limits else what
        return what, "write them in brackets, with commas between"
    what = f"{_COUNTS.get(many, many)} numbers"
    value, unit = error["input"], step.units.get(key)
    if isinstance(value, (list, tuple)):
        return what, f"write {_COUNTS.get(many, many)}, one for each axis" if many > 2 else "write [lowest, highest]"  # noqa: PLR2004 - a pair
    if many == 2:  # noqa: PLR2004 - a pair
        return what, "write [lowest, highest]"
    one = _axis(value, unit)
    example = ", ".join([one] * many)
    return what, f"write [{example}]" + (f", in {unit}" if unit else "")


def _axis(value: object, unit: str | None) -> str:
    """The number of one axis that `value` holds, in `unit`; 1 where it can't be told."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    text = value.strip() if isinstance(value, str) else ""
    if (number := _number(text)) is not None:
        return f"{number:g}"
    measure = _MEASURE.fullmatch(text)
    if measure and unit == "mm" and measure[2] in _MILLIMETRES:
        return f"{float(measure[1]) * _MILLIMETRES[measure[2]]:g}"
    return "1"


def _lengths(annotation: object) -> Iterator[int]:
    """Of each list of a fixed length that `annotation` allows, its length."""
    inside: Sequence[object] = get_args(annotation)
    if get_origin(annotation) is tuple:
        if Ellipsis not in inside:
            yield len(inside)
        return
    for one in inside:
        yield from _lengths(one)
