"""The words of a document as whoever reads it gets them: JSON and YAML write letters in many ways, and split words over lines."""

from __future__ import annotations

import json
from typing import Any

import yaml

_DEEPEST = 50
"""Lists in lists: the parser's time grows with the square of it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast one, where it was built; it makes nothing but words here."""


def json_words(text: str) -> list[str]:
    """Every name and word of a JSON document.

    Raises:
        ValueError: it is none; or it has a name twice, of which a reader sees the second only.
        RecursionError: it is nested too deep.
    """
    words: list[str] = []

    def keep(value: object) -> None:
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, list):
            for one in value:
                keep(one)

    def each_once(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("one name twice")
        for name, value in pairs:
            words.append(name)
            keep(value)

    keep(json.loads(text, object_pairs_hook=each_once))
    return words


def yaml_words(text: str) -> list[str]:
    """Every name and word of a YAML document. References are not followed.

    Raises:
        ValueError: it is none, or is nested too deep.
    """
    words, depth = [], 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise ValueError("too deep")
            if isinstance(event, yaml.ScalarEvent):
                words.append(event.value)
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    return words
