"""Holding back what is fetched to so many bytes a second, all threads together."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

_BURST_S = 1.0
"""What wasn't used of the last second may be used now."""


class Throttle:
    """Makes whoever received something wait until the pace allows more.

    Args:
        bytes_per_s: how much now; None: anything.
        clock: seconds that never go back.
        wait: waits so many seconds.
    """

    def __init__(
        self,
        bytes_per_s: Callable[[], float | None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._wait = wait
        self._lock = Lock()
        self._paid_until = clock()

    def received(self, size: int) -> None:
        """Waits as long as `size` bytes take at this pace."""
        pace = self._bytes_per_s()
        if pace is None:
            return
        with self._lock:
            now = self._clock()
            self._paid_until = max(self._paid_until, now - _BURST_S) + size / pace
            ahead = self._paid_until - now
        if ahead > 0:
            self._wait(ahead)
