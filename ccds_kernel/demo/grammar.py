"""Sentences with choices, as in `[There is |]no [acute |]hemorrhage in the <side> hemisphere`.

Square brackets hold alternatives, which may nest; angle brackets hold fields. Rejected: a language model (not
reproducible, and it may recite real reports) and one fixed sentence per finding (a labeler would be done in a minute).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ccds_kernel.demo.chance import Draw

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"<(\w+)>")
_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=(?:[aeioAEIO]|un(?!i)|[AEFHILMNORSX][A-Z]{2}))")
_SENTENCE_START = re.compile(r"(^|[.:] )([a-z])")


def expand(template: str, draw: Draw, fields: Mapping[str, str] | None = None) -> str:
    """`template` with every choice made and every field filled in.

    A field's value may hold choices and fields itself.

    Raises:
        KeyError: the template names a field that isn't given: a defect of the template.
    """
    text, values = template, fields or {}
    while True:
        if field := _FIELD.search(text):
            text = text[: field.start()] + values[field[1]] + text[field.end() :]
        elif choice := _CHOICE.search(text):
            text = text[: choice.start()] + draw.one(choice[1].split("|")) + text[choice.end() :]
        else:
            return text


def sentences(*parts: str) -> str:
    """The parts as one running text: single spaces, `a` or `an` by the sound that follows, capitals after stops."""
    text = " ".join(" ".join(parts).split()).replace(" ,", ",").replace(" .", ".")
    text = _BEFORE_VOWEL.sub(lambda found: found[1] + "n ", text)
    return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)
