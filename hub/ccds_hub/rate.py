"""A limit on how often somebody may ask: a bucket of allowances for each, which fills up again steadily."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

_MOST_KNOWN = 10_000


class Rate:
    """Allows each `burst` requests at once and `per_second` in the long run. For one thread.

    Args:
        burst: how many may come at once.
        per_second: how many come back each second.
        clock: seconds, monotonic.
    """

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._left: dict[Hashable, tuple[float, float]] = {}

    def allows(self, who: Hashable) -> bool:
        """Whether `who` may ask now; if so it is counted."""
        now = self._clock()
        if len(self._left) > _MOST_KNOWN:
            self._left = {
                one: (left, at) for one, (left, at) in self._left.items() if self._filled(left, at, now) < self._burst
            }
        left, at = self._left.get(who, (float(self._burst), now))
        left = self._filled(left, at, now)
        allowed = left >= 1
        self._left[who] = (left - allowed, now)
        return allowed

    def _filled(self, left: float, at: float, now: float) -> float:
        return min(float(self._burst), left + (now - at) * self._per_second)
