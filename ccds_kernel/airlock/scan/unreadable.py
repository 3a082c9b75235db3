"""Data written as letters: base64, base85, hexadecimal and the like, however it is cut into lines and words.

Two signs tell it from words, code and numbers, whatever its alphabet: letters large and small and digits stand side by side at
random, and it can't be packed. Both are looked at in windows of the text without its white space, and again without its
punctuation, which could stand between any two. Measured over this repository and libraries of its environment (13,543 windows
without punctuation): beside a lock file's hashes 22 are taken for data, which are tables of colours, glyphs and test data.

Nothing is known of data that is written as whole words, or in decimal digits.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

WINDOW = 2048
"""Characters that are looked at together; less than that is looked for as one word, or as lines of one word each."""

SHORTEST = 256
"""Fewer characters of base64 than these are a hash."""

_MOST_CHANGES = 0.2
_MOST_PACKED = 0.66
_LEAST_PACKED = 0.48
_SOLID = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
_AROUND = " \t\"'`,+\\()[]{}#>|;:.*-"
"""What a page or a program writes around a word."""

_SPACE = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"[^A-Za-z0-9]+")
_SORTS = np.zeros(256, np.uint8)
_SORTS[ord("0") : ord("9") + 1] = 1
_SORTS[ord("A") : ord("Z") + 1] = 2
_SORTS[ord("a") : ord("z") + 1] = 3

Bytes = npt.NDArray[np.uint8]


def unreadable_lines(lines: Sequence[str]) -> list[int]:
    """The lines (counted from 0) on which data written as letters begins."""
    windows = (number for left_out in (_SPACE, _PUNCTUATION) for number in _in_windows(lines, left_out))
    return sorted({*windows, *_in_solid_lines(lines)})


def _in_windows(lines: Sequence[str], left_out: re.Pattern[str]) -> list[int]:
    parts = [left_out.sub("", line).encode("utf-8", "replace") for line in lines]
    whole = b"".join(parts)
    ends = np.cumsum([len(part) for part in parts])
    begins = range(0, len(whole) - WINDOW + 1, WINDOW // 2)
    found = [begin for begin in begins if _is_data(whole[begin : begin + WINDOW])]
    return [int(number) for number in np.searchsorted(ends, found, side="right")]


def _in_solid_lines(lines: Sequence[str]) -> list[int]:
    """Where lines of one word each begin that are data together."""
    found, run, begin = [], "", 0
    for number, line in enumerate([*lines, ""]):
        if _SOLID.fullmatch(word := line.strip(_AROUND)):
            run, begin = run + word, begin if run else number
            continue
        if len(run) >= SHORTEST and _changes(run.encode()) > _MOST_CHANGES:
            found.append(begin)
        run, begin = "", number
    return found


def _is_data(window: bytes) -> bool:
    packed = len(zlib.compress(window)) / len(window)
    return packed > _MOST_PACKED or (packed > _LEAST_PACKED and _changes(window) > _MOST_CHANGES)


def _changes(window: bytes) -> float:
    """In which part of all places two letters of different sorts, or a letter and a digit, stand side by side."""
    sorts = _SORTS[np.frombuffer(window, np.uint8)]
    before, after = sorts[:-1], sorts[1:]
    return float(np.mean((before != after) & (before > 0) & (after > 0)))
