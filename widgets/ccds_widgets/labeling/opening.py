"""What takes a minute to open with a million reports: it is set up in a thread beside, and the page is told how far that is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from ccds_kernel.errors import CcdsError

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


_BEGINNING = Opening("Opening the reports", 0.0)


class Openings(Generic[Opened]):
    """Sets up one thing for each task, one after the other: whoever asks meanwhile, for whichever task, is told how far it is.

    Args:
        set_up: sets up what belongs to a task; is called in a thread, and given what takes how far it is.
        is_current: whether what was set up is still right; else the next who asks has it set up anew.
        patience_s: how long one that was just begun is waited for: a small project opens at once.
    """

    def __init__(
        self,
        set_up: Callable[[int, Tell], Opened],
        *,
        is_current: Callable[[Opened], bool] = lambda _: True,
        patience_s: float = 0.5,
    ) -> None:
        self._set_up = set_up
        self._is_current = is_current
        self._patience_s = patience_s
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ccds-opening")
        self._of_task: dict[int, Future[Opened]] = {}
        self._now = _BEGINNING

    def of(self, task_id: int) -> Opened | Opening:
        """What belongs to a task, or how far it is.

        Raises:
            whatever setting it up raised; the next who asks has it tried again.
        """
        if task_id in self._of_task and self._is_of_before(self._of_task[task_id]):
            del self._of_task[task_id]
        if task_id not in self._of_task:
            self._of_task[task_id] = self._pool.submit(self._begin, task_id)
            wait([self._of_task[task_id]], self._patience_s)
        future = self._of_task[task_id]
        if not future.done():
            return self._now
        if (error := future.exception()) is not None:
            del self._of_task[task_id]
            raise error
        return future.result()

    def _is_of_before(self, future: Future[Opened]) -> bool:
        return future.done() and future.exception() is None and not self._is_current(future.result())

    def _begin(self, task_id: int) -> Opened:
        self._now = _BEGINNING
        return self._set_up(task_id, self._tell)

    def _tell(self, now: Opening) -> None:
        self._now = now
