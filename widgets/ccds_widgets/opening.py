"""What takes long to open, such as a million reports: it is set up in a thread beside, and the page is told how far that is."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from ccds_kernel.errors import CcdsError

Key = TypeVar("Key", bound=Hashable)
Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Opening:
    """How far it is: what is being done, and which share of that is, up to 1."""

    doing: str
    share: float


Tell = Callable[[Opening], None]
"""Takes how far it is."""


class OpenedBeforeError(CcdsError):
    """What was opened isn't what there is now; a page that is loaded anew has it opened anew."""


class Openings(Generic[Key, Opened]):
    """Sets up one thing for each key, such as a task, one after the other: whoever asks meanwhile, for whichever, is told how far
    it is.

    Args:
        set_up: sets up what belongs to a key; is called in a thread, and given what takes how far it is.
        beginning: what is done at first.
        is_current: whether what was set up is still right; else the next who asks has it set up anew.
        patience_s: how long one that was just begun is waited for: a small project opens at once.
    """

    def __init__(
        self,
        set_up: Callable[[Key, Tell], Opened],
        beginning: str,
        *,
        is_current: Callable[[Opened], bool] = lambda _: True,
        patience_s: float = 0.5,
    ) -> None:
        self._set_up = set_up
        self._beginning = Opening(beginning, 0.0)
        self._is_current = is_current
        self._patience_s = patience_s
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ccds-opening")
        self._of: dict[Key, Future[Opened]] = {}
        self._now = self._beginning

    def of(self, key: Key) -> Opened | Opening:
        """What belongs to `key`, or how far it is.

        Raises:
            whatever setting it up raised; the next who asks has it tried again.
        """
        if key in self._of and self._is_of_before(self._of[key]):
            del self._of[key]
        if key not in self._of:
            self._of[key] = self._pool.submit(self._begin, key)
            wait([self._of[key]], self._patience_s)
        future = self._of[key]
        if not future.done():
            return self._now
        if (error := future.exception()) is not None:
            del self._of[key]
            raise error
        return future.result()

    def _is_of_before(self, future: Future[Opened]) -> bool:
        return future.done() and future.exception() is None and not self._is_current(future.result())

    def _begin(self, key: Key) -> Opened:
        self._now = self._beginning
        return self._set_up(key, self._tell)

    def _tell(self, now: Opening) -> None:
        self._now = now
