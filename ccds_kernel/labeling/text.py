r"""How a text is compared with a phrase: one normal form, one idea of a word, and the way back to the original offsets.

The normal form drops characters that nobody sees (soft hyphen, zero-width ones, byte order mark), collapses every run of
white space to one space, and folds case. Decided:

- `str.casefold`, not `lower`: it works on each character by itself, so that the offsets of every folded character are known
  ("ß" is "ss", "ﬁ" is "fi"), while `lower` looks at the neighbours of a Greek sigma.
- White space is what `str.isspace` says: no-break spaces are spaces.
- A word character is a letter, a number, an underscore or a combining mark: what `re` calls `\w`, and marks, so that "e"
  is no word of its own where an accent follows it.
- No composing (NFC): an "é" typed as one character and one typed as two are different texts. Exports write the former,
  and a phrase selected in a report is written as the report is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def normalise(text: str) -> str:
    """The form in which texts and phrases are compared; the empty string when nothing visible is in `text`."""
    return " ".join(visible(text).split()).casefold()


def visible(text: str) -> str:
    """`text` without the characters that nobody sees."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def normalise_with_offsets(text: str) -> tuple[str, list[int], list[int]]:
    """`normalise(text)`, and where each of its characters comes from.

    Returns:
        The normal form of n characters, then `starts` and `ends`, n code-point offsets into `text` each: character i of the
        normal form stands for `text[starts[i]:ends[i]]`. A run of white space has one start and one end.
    """
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    space: tuple[int, int] | None = None
    for offset, character in enumerate(text):
        if _INVISIBLE.match(character):
            continue
        if character.isspace():
            space = (offset if space is None else space[0], offset + 1)
            continue
        if space is not None and folded:
            folded.append(" ")
            starts.append(space[0])
            ends.append(space[1])
        space = None
        for part in character.casefold():
            folded.append(part)
            starts.append(offset)
            ends.append(offset + 1)
    return "".join(folded), starts, ends


def is_word_character(character: str) -> bool:
    """Whether `character` (one code point) belongs to a word."""
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")


def whole_words(text: str, phrase: str) -> Iterator[int]:
    """Where `phrase` stands as whole words in `text`: offsets, ascending, overlapping ones too.

    Args:
        text: a text in normal form.
        phrase: a phrase in normal form, not empty. It stands there as whole words when no word character touches it on
            either side, whatever it begins or ends with.
    """
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        before_is_free = start == 0 or not is_word_character(text[start - 1])
        if before_is_free and (end == len(text) or not is_word_character(text[end])):
            yield start
        start = text.find(phrase, start + 1)


def is_valid_unicode(text: str) -> bool:
    """Whether `text` holds whole characters only: no half of a surrogate pair, as a selection in a browser may cut it."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
