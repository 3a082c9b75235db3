"""A project's selection rules as a YAML file: see docs/imaging.md."""

from __future__ import annotations

from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.correction import Correction
from ccds_kernel.imaging.selection.rules import Prefer, Range, SelectionRule, SelectionRules

_Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
_Word = Annotated[str, Field(min_length=1, max_length=32)]
LONGEST = 100_000
"""Characters that such a file has at most."""


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exam_codes: list[_Word]
    modality: list[_Word] = []
    orientation: list[_Word] = []
    thickness_mm: _Pair | None = None
    kernel: list[_Word] = []
    contrast: bool | None = None
    images: _Pair | None = None
    prefer: Prefer = Prefer.MOST_IMAGES

    def value(self) -> SelectionRule:
        return SelectionRule(
            frozenset(self.exam_codes),
            frozenset(self.modality),
            frozenset(self.orientation),
            None if self.thickness_mm is None else Range(*self.thickness_mm),
            frozenset(self.kernel),
            self.contrast,
            None if self.images is None else Range(*self.images),
            self.prefer,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[_Rule]
    correct: list[Correction] = []


def parse_rules(text: str) -> SelectionRules:
    """The rules that `text` says.

    Raises:
        CcdsError: it isn't YAML, or says something else; names what.
    """
    try:
        read: Any = yaml.safe_load(text[: LONGEST + 1])
        file = _File.model_validate(read)
        return SelectionRules(tuple(rule.value() for rule in file.rules), frozenset(file.correct))
    except yaml.YAMLError as error:
        raise _wrong("not YAML") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise _wrong(f"{where}: {first['msg']}") from error
    except ValueError as error:
        raise _wrong(str(error)) from error


def _wrong(found: str) -> CcdsError:
    return CcdsError(
        expected="selection rules ('rules:' with exam_codes and what series must be like)",
        found=found,
        do="see docs/imaging.md",
    )
