"""What is wrong with a file that pydantic checked, as one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ccds_kernel.errors import CcdsError


def invalid(source: Path | str, error: ValidationError) -> CcdsError:
    """What is wrong with the first offending key of `source`, as one line."""
    first, *others = error.errors(include_url=False, include_context=False)
    key = ".".join(str(part) for part in first["loc"]) or "the whole file"
    further = sum(
        other["loc"] != first["loc"][: len(other["loc"])] for other in others
    )  # not what follows from the first
    more = f" (and {further} more)" if further else ""
    value: Any = first["input"]
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return CcdsError(expected=f"{key} in {source}", found=f"nothing{more}", do=f"add {key}")
    if first["type"] == "extra_forbidden":
        return CcdsError(
            expected=f"only known keys in {source}", found=f"{key}{more}", do=f"take {key} out, or spell it right"
        )
    if first["type"] == "value_error" and isinstance(
        value, dict
    ):  # about keys that don't go together: quote no section
        return CcdsError(expected=f"{key} in {source} to fit together", found=f"{what}{more}", do=f"mend {key}")
    if first["type"] == "string_type" and isinstance(value, (int, float)):
        return CcdsError(
            expected=f"{key} in {source} to be text", found=f"the number {value}{more}", do="put it in quotes"
        )
    return CcdsError(expected=f"{key} in {source} to be right: {what}", found=repr(value)[:80] + more, do=f"mend {key}")
