"""Counts what isn't written down one by one, and says when a sum of it is due.

A sum is due at the first, second, fourth, eighth … of a kind: a million tries are twenty lines, none of them waits for a
clock or for a service's orderly end, and what the last one doesn't tell is less than it tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

_MOST_KNOWN = 10_000


class LeftOut:
    """So many were left out, of each kind. For one thread."""

    def __init__(self) -> None:
        self._counts: Counter[Hashable] = Counter()

    def note(self, kind: Hashable) -> int:
        """Counts one more; returns how many they are where that is to be written down now, else 0."""
        if len(self._counts) > _MOST_KNOWN:
            self._counts.clear()
        self._counts[kind] += 1
        count = self._counts[kind]
        return 0 if count & (count - 1) else count
