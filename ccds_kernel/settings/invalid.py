"""What is wrong with a file that pydantic checked, as one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ccds_kernel.errors import CcdsError

_SHORT_LIST = "must be a list, such as [a, b]"
_PLAIN = {
    "tuple_type": _SHORT_LIST,
    "list_type": _SHORT_LIST,
    "dict_type": "must be keys and values",
    "model_type": "must be keys and values",
    "model_attributes_type": "must be keys and values",
}
"""What pydantic says with Python's words, in the file's."""


def offending(error: ValidationError) -> tuple[str | int, ...]:
    """Where in the file the first offending key is, as `invalid` tells it."""
    return _first(error.errors(include_url=False, include_context=False))["loc"]


def _first(errors: list[ErrorDetails]) -> ErrorDetails:
    """The error to tell: a misspelt key says more than that the right one is missing beside it."""
    first = errors[0]
    if first["type"] != "missing":
        return first
    beside = (one for one in errors if one["type"] == "extra_forbidden" and one["loc"][:-1] == first["loc"][:-1])
    return next(beside, first)


def invalid(source: Path | str, error: ValidationError) -> CcdsError:
    """What is wrong with the first offending key of `source`, as one line."""
    errors = error.errors(include_url=False, include_context=False)
    first = _first(errors)
    others = [one for one in errors if one is not first]
    key = ".".join(str(part) for part in first["loc"]) or "the whole file"
    further = sum(
        other["loc"] != first["loc"][: len(other["loc"])] for other in others
    )  # not what follows from the first
    more = f" (and {further} more)" if further else ""
    value: Any = first["input"]
    what = _PLAIN.get(first["type"], first["msg"].removeprefix("Value error, "))
    if first["type"] == "missing":
        return CcdsError(expected=f"{key} in {source}", found=f"nothing{more}", do=f"add {key}")
    if first["type"] == "extra_forbidden":
        return CcdsError(
            expected=f"only known keys in {source}", found=f"{key}{more}", do=f"take {key} out, or spell it right"
        )
    if first["type"] == "value_error" and isinstance(
        value, dict
    ):  # about keys that don't go together: quote no section
        return CcdsError(expected=f"{key} in {source} to fit together", found=f"{what}{more}", do="mend one of them")
    if first["type"] == "string_type" and isinstance(value, (int, float)):
        return CcdsError(
            expected=f"{key} in {source} to be text", found=f"the number {value}{more}", do="put it in quotes"
        )
    return CcdsError(expected=f"{key} in {source} to be right: {what}", found=repr(value)[:80] + more, do=f"mend {key}")
