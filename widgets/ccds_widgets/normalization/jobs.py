"""Work that goes on while the page stays usable: a thread that tells how far it is and can be stopped."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Event, Semaphore, Thread
from typing import Any, Final, Generic, TypeVar
from weakref import WeakSet

Made = TypeVar("Made")

ROOM: Final = Semaphore(2)
"""For the jobs of a kernel that make whole volumes: one that goes on, and one that was stopped in the middle of a long part.

Without it each change of a recipe with N4 would leave another one computing, until the memory is gone.
"""
_LOOK_S = 0.1
_LAST_WAIT_S = 4.0
"""So long an interpreter that ends waits for its jobs; Jupyter ends a kernel by force after 5 s."""

_begun: WeakSet[Job[Any]] = WeakSet()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Args:
        task: which of its tasks it is at, from 1.
        tasks: how many there are.
        doing: what it does just now, in a word or two; empty before it has begun.
    """

    task: int
    tasks: int
    doing: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return asdict(self)


class Stopped(BaseException):
    """Ends a task that nobody waits for any more; no error, and nothing that catches errors holds it up."""


Tell = Callable[[str], None]
"""Tells what is done now.

Raises:
    Stopped: nobody waits for it.
"""


class Job(Generic[Made]):
    """Tasks done one after the other in a thread.

    Args:
        tasks: each gets a `Tell`, which it calls between its parts.
        after: another job, which is waited for before the first task: two at once would need twice the memory.
        patience_s: for so long; a stopped one may be in the middle of a part that takes minutes, as N4 does.
        room: a place of it is waited for, whatever the time, and taken until the end; None: for none.
    """

    def __init__(
        self,
        tasks: Sequence[Callable[[Tell], Made]],
        after: Job[Made] | None = None,
        patience_s: float = 3,
        room: Semaphore | None = None,
    ) -> None:
        self.progress = Progress(1, len(tasks))
        self.made: list[Made] = []
        """What is made so far; whole once `done`."""
        self.failed: Exception | None = None
        """What ended it early, where that is no `CcdsError`: a defect of ours."""
        self._tasks, self._after, self._patience_s, self._room = tasks, after, patience_s, room
        self._stop, self._done = Event(), Event()
        _begun.add(self)
        Thread(target=self._work, daemon=True, name="normalization preview").start()

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self._done.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the end; whether it has come."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """Ends it before its next part, or within a slow one; what it is at just now is finished and forgotten."""
        self._stop.set()

    def _work(self) -> None:
        try:
            if self._after is not None:
                self._after.wait(self._patience_s)
                self._after = None
            with self._place():
                for number, task in enumerate(self._tasks, 1):
                    self.made.append(task(self._teller(number)))
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - told by whoever asks for the outcome, as any defect is
            self.failed = error
        finally:
            self._tasks = ()
            self._done.set()

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Keeps a place meanwhile.

        Raises:
            Stopped: nobody waits for it any more.
        """
        while self._room is not None and not self._room.acquire(timeout=_LOOK_S):
            if self._stop.is_set():
                raise Stopped
        try:
            yield
        finally:
            if self._room is not None:
                self._room.release()

    def _teller(self, number: int) -> Tell:
        def tell(doing: str) -> None:
            if self._stop.is_set():
                raise Stopped
            self.progress = Progress(number, self.progress.tasks, doing)

        return tell


@atexit.register
def _end_all() -> None:
    """Ends all jobs while there is an interpreter: N4 asks Python at each iteration, and one that is gone would crash."""
    left = [job for job in _begun if not job.done]
    for job in left:
        job.stop()
    until = time.monotonic() + _LAST_WAIT_S
    for job in left:
        job.wait(max(0.0, until - time.monotonic()))
