"""A report's text cut into the pieces that a page draws one after the other.

Python counts code points, a browser UTF-16 units: pieces need neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

COUNTS = "counts"
UNCERTAIN = "uncertain"
NEGATED = "negated"
HIT = "hit"
_ORDER = (COUNTS, UNCERTAIN, NEGATED, HIT)


class Mark(NamedTuple):
    """A place of a text that something stands at.

    Attributes:
        start, end: in code points, start < end.
        phrase: the id of the phrase; 0 where it is what was searched.
        how: the phrase `COUNTS` there; counts there as `UNCERTAIN`; doesn't count there, being `NEGATED`; or it is a `HIT`.
        rank: marks of lower rank come first.
    """

    start: int
    end: int
    phrase: int
    how: str
    rank: int = 0


Piece = tuple[str, list[tuple[int, str]]]
"""Some text, and the (phrase, how) that cover it, the one that is drawn first; empty where there is none."""


def cut(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """`text` in pieces at the ends of `marks`, which may overlap; joined they are `text` again."""
    ends = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    coming = sorted(marks, key=lambda mark: mark.start, reverse=True)
    pieces: list[Piece] = []
    covering: list[
        Mark
    ] = []  # few: all marks for each piece would be too many where one phrase stands thousands of times
    for start, end in pairwise(ends):
        covering = [mark for mark in covering if mark.end > start]
        while coming and coming[-1].start <= start:
            covering.append(coming.pop())
        pieces.append((text[start:end], _of(covering)))
    return pieces


def _of(marks: Sequence[Mark]) -> list[tuple[int, str]]:
    ordered = sorted(marks, key=lambda mark: (_ORDER.index(mark.how), mark.rank))
    return list(dict.fromkeys((mark.phrase, mark.how) for mark in ordered))
