"""A recipe: ordered normalization steps as one value, with its YAML and its hash.

What a scientist saw in the notebook and what runs over every study is the same recipe exactly if the hash is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import yaml

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.yaml_text import line_of_problem, load_yaml, problem_of
from ccds_kernel.normalization.steps import STEPS, Step, make_step
from ccds_kernel.normalization.steps.step import Parameters

LONGEST_NAME = 100
LONGEST_FILE = 1 << 20
_KEYS = ("name", "steps", "output")


class Output(StrEnum):
    """The type of the voxels that come out."""

    FLOAT32 = "float32"
    INT16 = "int16"
    """Refused where a voxel would lose by it."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Ordered steps.

    Args:
        name: what people call it: one line.
        steps: in the order in which they are applied; none leaves the voxels as they are.
        output: the type of the voxels that come out.

    Raises:
        CcdsError: the name is empty, too long or not one line; something is no step.
    """

    name: str
    steps: tuple[Step, ...]
    output: Output = Output.FLOAT32

    def __post_init__(self) -> None:
        name = self.name
        if (
            not isinstance(name, str)
            or not 0 < len(name) <= LONGEST_NAME
            or name != name.strip()
            or not name.isprintable()
        ):
            raise CcdsError(
                expected=f"the recipe's name as one line of text, 1 to {LONGEST_NAME} characters",
                found=repr(name)[:80],
                do="name the recipe (put quotes around a number)",
            )
        if not all(isinstance(step, Parameters) and STEPS.get(step.name) is type(step) for step in self.steps):
            raise CcdsError(
                expected=f"steps ({', '.join(STEPS)})", found="something else among them", do="make them by make_step"
            )

    def to_yaml(self) -> str:
        """The recipe as a file; read back it is equal to this one."""
        return yaml.safe_dump(self.as_json(), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """The recipe that `text` holds.

        Raises:
            CcdsError: it is no YAML, or a key, step or parameter is missing, unknown, given twice or wrong; the message names it.
        """
        if len(text) > LONGEST_FILE:
            raise CcdsError(expected="a recipe of at most 1 MB", found="a longer file", do="name a recipe's file")
        try:
            values = load_yaml(text)
        except (yaml.YAMLError, RecursionError) as error:
            line = line_of_problem(error, text)
            raise CcdsError(
                expected="a recipe in YAML",
                found=f"{problem_of(error)[:300]}{f' in line {line}' if line else ''}",
                do="mend that line, or the one before it" if line else "write it anew",
            ) from None
        except (ValueError, TypeError, AttributeError, OverflowError):  # what PyYAML lets through of its constructors
            raise CcdsError(
                expected="a recipe in YAML", found="a value that is none", do="write numbers and text plainly"
            ) from None
        return cls._from_values(values)

    @classmethod
    def _from_values(cls, values: object) -> Self:
        if not isinstance(values, Mapping) or not set(values) <= set(_KEYS):
            unknown = [key for key in values if key not in _KEYS] if isinstance(values, Mapping) else []
            raise CcdsError(
                expected=f"a recipe with the keys {', '.join(_KEYS)}",
                found=repr(unknown[0])[:80] if unknown else "no map",
                do="write them as in 'name: head CT'",
            )
        for key in ("name", "steps"):
            if key not in values:
                raise CcdsError(expected=f"the key {key} in the recipe", found="none", do=f"add {key}")
        steps = values["steps"]
        if not isinstance(steps, list):
            raise CcdsError(
                expected="steps as a list", found=repr(steps)[:80], do="begin each step with '- ', or write [] for none"
            )
        output = values.get("output", Output.FLOAT32)
        if not isinstance(output, str) or output not in list(Output):
            raise CcdsError(
                expected=f"output to be {' or '.join(Output)}", found=repr(output)[:80], do="take one of these"
            )
        return cls(values["name"], tuple(_step(place, step) for place, step in enumerate(steps, 1)), Output(output))

    def check_ready(self) -> None:
        """Refuses a recipe that can't be applied to any image yet: a step has to be fitted first.

        Raises:
            CcdsError: what is missing, the step named, and how to get it.
        """
        for place, step in enumerate(self.steps, 1):
            try:
                step.check_ready()
            except CcdsError as error:
                raise CcdsError(
                    expected=error.expected, found=f"{error.found} (step {place}, {step.name})", do=error.do
                ) from None

    def digest(self) -> str:
        """SHA-256 of what the recipe does: its steps, their parameters and the output.

        The same however the file is formatted and whatever the recipe is called.
        """
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The recipe as JSON and YAML hold it."""
        return {"name": self.name, **self._content()}

    def _content(self) -> dict[str, Any]:
        return {"steps": [{step.name: step.parameters()} for step in self.steps], "output": self.output.value}


def _step(place: int, value: object) -> Step:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise CcdsError(
            expected=f"step {place} as a map with one key, its name ({', '.join(STEPS)})",
            found=repr(value)[:80],
            do="write it as in '- reorient: {to: RAS}'",
        )
    [(name, parameters)] = value.items()
    try:
        return make_step(name, parameters)
    except CcdsError as error:
        raise CcdsError(expected=error.expected, found=f"{error.found} in step {place}", do=error.do) from None
