"""Holding back what is fetched to so many bytes a second, all threads together.

An archive waits for an answer to each instance, and not for ever: while a study is on its way a large instance is waited for only
for a while. What is owed then is waited for when the study is there, before the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

_BURST_S = 1.0
"""What wasn't used of the last second may be used now."""

_MOST_S = 5.0
"""Archives give up after ten seconds and more."""


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
        """Waits as long as `size` bytes take at this pace, a while at most."""
        pace = self._bytes_per_s()
        if pace is None:
            return
        with self._lock:
            self._paid_until = max(self._paid_until, self._clock() - _BURST_S) + size / pace
            ahead = self._ahead()
        if ahead > 0:
            self._wait(min(ahead, _MOST_S))

    def settle(self, is_over: Callable[[], bool]) -> None:
        """Waits for what is owed still, unless there is no pace any more or `is_over` says so meanwhile."""
        while self._bytes_per_s() is not None and not is_over() and (ahead := self._ahead()) > 0:
            self._wait(min(ahead, _BURST_S))

    def _ahead(self) -> float:
        return self._paid_until - self._clock()
