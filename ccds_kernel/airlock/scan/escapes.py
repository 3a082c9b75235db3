r"""Letters written as something else: `\u0070`, `\x70`, `&#112;`, `%70`. Whoever opens the file reads letters again.

A text is looked through as it stands and once more with these taken for what they stand for, whatever its format: JSON's
escapes in a page of Markdown hide a report as well. What stands for white space separates words.
"""

from __future__ import annotations

import html
import re

_SLASHED = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7]{2})|(.))"
)
_OCTAL = 5
_PLAIN = 6
_SPACES = "abefnrtv"
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_DEEPEST = 4
"""A text in JSON in JSON …: so often."""


def unescaped(text: str) -> str:
    """`text` with everything that stands for a letter taken for that letter; the same where nothing does. Adds no line."""
    for _ in range(_DEEPEST):
        if not {"\\", "&", "%"} & set(text):
            break
        before = text
        text = _SLASHED.sub(_letter, text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two halves of one letter
        text = html.unescape(_PERCENT.sub(_of_percent, text))
        text = " ".join(text.splitlines())
        if text == before:
            break
    return text


def _letter(found: re.Match[str]) -> str:
    which = found.lastindex or _PLAIN
    if which == _PLAIN:
        return " " if found[_PLAIN] in _SPACES else found[_PLAIN]
    number = int(found[which], 8 if which == _OCTAL else 16)
    return chr(number) if number <= 0x10FFFF else ""  # noqa: PLR2004 - the last letter there is


def _of_percent(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")
