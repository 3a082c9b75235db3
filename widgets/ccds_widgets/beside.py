"""One piece of work in a thread beside the page's requests, which are answered one at a time and must not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """At most one work at a time; the next begins when the one before was collected."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ccds-beside")
        self._going: Future[Result] | None = None

    @property
    def busy(self) -> bool:
        """Whether a work was begun and not collected."""
        return self._going is not None

    def begin(self, work: Callable[[], Result]) -> bool:
        """Begins `work`, unless one is going on; returns whether it did."""
        if self._going is not None:
            return False
        self._going = self._pool.submit(work)
        return True

    def collect(self) -> Result | None:
        """What came of the work, once; None as long as it goes on, or where there is none.

        Raises:
            whatever the work raised.
        """
        if self._going is None or not self._going.done():
            return None
        going, self._going = self._going, None
        return going.result()
