"""Whether the numbers of slices, in order of their heights, tell that some of them were exchanged: pure.

Scanners number slices in order of height, either way, or pass by pass (every second one, then those between). A few numbers
against the order of all others are neither: a slice has another's position, or another's number, and nothing tells which.
Where much is out of order nobody can say what the order was: passes, or blocks that were put together, are no exchange. Of six
slices and fewer these can't be told from one, and any disorder counts as an exchange.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

_FEW = 3
"""At most one slice of so many is a few; two always are."""


def exchanged(numbers: Sequence[int]) -> int:
    """How many slices are numbered against the order of all others; 0 where none is, or so many that there is no such order.

    Args:
        numbers: of the slices in order of their heights, each once.
    """
    count = len(numbers)
    against = count - max(_longest_rise(numbers), _longest_rise([-number for number in numbers]))
    return against if against <= max(2, count // _FEW) else 0


def _longest_rise(numbers: Sequence[int]) -> int:
    """How many of `numbers` are left when as few as possible are taken away so that the rest rises."""
    ends: list[int] = []  # at n: the least number with which a rise of n + 1 ends
    for number in numbers:
        at = bisect.bisect_left(ends, number)
        ends[at : at + 1] = [number]
    return len(ends)
