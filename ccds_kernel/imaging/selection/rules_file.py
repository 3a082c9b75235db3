"""A project's selection rules as a YAML file: see docs/imaging.md."""

from __future__ import annotations

from collections.abc import Sequence
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


_SAID = {
    "model_type": "keys with values are needed here",
    "missing": "is missing",
    "extra_forbidden": "there is no such key",
}
"""Kinds of pydantic's errors → what people read instead."""


class WrongRules(CcdsError):  # noqa: N818 - named for what a person is told, not for its being an exception
    """A text that says no selection rules; `line` is where, counted from 1, where that is known."""

    line: int | None = None


def parse_rules(text: str) -> SelectionRules:
    """The rules that `text` says.

    Raises:
        WrongRules: it isn't YAML, or says something else; names what, and in which line.
    """
    try:
        read: Any = yaml.safe_load(text[: LONGEST + 1])
        root = yaml.compose(text[: LONGEST + 1], Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _wrong("not YAML", None if mark is None else mark.line + 1) from error
    try:
        file = _File.model_validate(read)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise _wrong(f"{where}: {_SAID.get(first['type'], first['msg'])}", _line(root, first["loc"])) from error
    rules: list[SelectionRule] = []
    for at, rule in enumerate(file.rules):
        try:
            rules.append(rule.value())
            found = SelectionRules(tuple(rules), frozenset(file.correct))
        except ValueError as error:
            raise _wrong(str(error), _line(root, ("rules", at))) from error
    return found if rules else SelectionRules((), frozenset(file.correct))


def _line(node: yaml.Node | None, place: Sequence[int | str]) -> int | None:
    """The line of what stands at `place`, or of what would hold it."""
    for step in place:
        below = _below(node, step)
        if below is None:
            break
        node = below
    return None if node is None else int(node.start_mark.line) + 1


def _below(node: yaml.Node | None, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value if value.value else name for name, value in node.value if name.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _wrong(found: str, line: int | None) -> WrongRules:
    wrong = WrongRules(
        expected="selection rules ('rules:' with exam_codes and what series must be like)",
        found=found if line is None else f"in line {line}: {found}",
        do="see docs/imaging.md",
    )
    wrong.line = line
    return wrong
