"""YAML as an `irb.yaml` is read: no key twice, and dates left to whoever knows their key.

Plain YAML lets the last of two equal keys win without a word: a roster given twice would silently be the wrong one. And it
makes dates of what looks like one before anybody can say at which key there is no 30th of February.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import yaml

_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where there is one: a registry of hundreds of applications is read at every look."""


class _Loader(_SafeLoader):  # type: ignore[valid-type,misc] # either of the two
    """Safe YAML with both differences."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for place, key in enumerate(keys):
            if key.value in {earlier.value for earlier in keys[:place]}:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} twice", key.start_mark)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(text: str) -> Any:  # noqa: ANN401 - what it is, its reader checks
    """The one document in `text`: maps, lists, text, numbers, truth values; dates as text.

    Raises:
        yaml.YAMLError: it is no YAML, or holds a key twice.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - made from the safe loader


def problem_of(error: Exception) -> str:
    """What a YAML reader says, as something that was found."""
    if isinstance(error, yaml.reader.ReaderError):
        return "a character that text can't have"
    said = getattr(error, "problem", None) or "what it can't read"
    if said == "second occurrence":
        return "an anchor twice"
    return said if said.startswith("the key") else f"something else ({said})"


def line_of_problem(error: Exception, text: str) -> int | None:
    """The line of `text`, from 1, of which a YAML reader says `error`; None where it doesn't say which."""
    if isinstance(error, yaml.reader.ReaderError):
        return text.encode()[: error.position].count(b"\n") + 1  # libyaml counts bytes
    mark = getattr(error, "problem_mark", None)
    return None if mark is None else mark.line + 1


def line_of(text: str, place: Sequence[str | int]) -> int:
    """The line of `text`, from 1, on which the value at `place` begins (keys and positions, outermost first).

    Where it goes no further along `place` it is the line of what was reached: there the rest is missing.
    """
    node = yaml.compose(text, Loader=_Loader)
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        else:
            found = None
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1 if node is not None else 1
