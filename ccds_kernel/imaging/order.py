"""Whether the numbers of slices, in order of their heights, tell that some of them were exchanged: pure.

Scanners number slices in order of height, either way, or pass by pass (every second one, then those between). A few numbers
against the order of all others are neither: a slice has another's position, or another's number, and nothing tells which.
Where much is out of order nobody can say what the order was: passes are no exchange. Nor are blocks of consecutive numbers that
run the same way, however short one is beside another: somebody scanned on at the other end. Of six slices and fewer these can't
be told from an exchange, and nearly any disorder counts as one.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

_FEW = 3
"""At most one slice of so many is a few; two always are."""

_BLOCK = 4
"""So many consecutive numbers in a row are a block: fewer may be left between exchanged slices."""


def exchanged(numbers: Sequence[int]) -> int:
    """How many slices are numbered against the order of all others; 0 where none is, or so many that there is no such order.

    Args:
        numbers: of the slices in order of their heights, each once.
    """
    count = len(numbers)
    against = count - max(_longest_rise(numbers), _longest_rise([-number for number in numbers]))
    return 0 if against > max(2, count // _FEW) or _in_blocks(numbers) else against


def _in_blocks(numbers: Sequence[int]) -> bool:
    """Whether `numbers` are nothing but blocks of consecutive ones that all run up, or all down."""
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    runs = [(step, len(list(same))) for step, same in itertools.groupby(steps)]
    within, between = runs[::2], runs[1::2]
    return (
        len({step for step, _ in within}) == 1
        and within[0][0] in (1, -1)
        and all(length >= _BLOCK - 1 for _, length in within)
        and all(length == 1 for _, length in between)
    )


def _longest_rise(numbers: Sequence[int]) -> int:
    """How many of `numbers` are left when as few as possible are taken away so that the rest rises."""
    ends: list[int] = []  # at n: the least number with which a rise of n + 1 ends
    for number in numbers:
        at = bisect.bisect_left(ends, number)
        ends[at : at + 1] = [number]
    return len(ends)
