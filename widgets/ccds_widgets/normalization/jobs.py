"""Work that goes on while the page stays usable: a thread that tells how far it is and can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from threading import Event, Thread
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


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
    """

    def __init__(
        self, tasks: Sequence[Callable[[Tell], Made]], after: Job[Made] | None = None, patience_s: float = 3
    ) -> None:
        self.progress = Progress(1, len(tasks))
        self.made: list[Made] = []
        """What is made so far; whole once `done`."""
        self.failed: Exception | None = None
        """What ended it early, where that is no `CcdsError`: a defect of ours."""
        self._tasks, self._after, self._patience_s = tasks, after, patience_s
        self._stop, self._done = Event(), Event()
        Thread(target=self._work, daemon=True, name="normalization preview").start()

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self._done.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the end; whether it has come."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """Ends it before its next part; what it is at just now is finished and forgotten."""
        self._stop.set()

    def _work(self) -> None:
        try:
            if self._after is not None:
                self._after.wait(self._patience_s)
                self._after = None
            for number, task in enumerate(self._tasks, 1):
                self.made.append(task(self._teller(number)))
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - told by whoever asks for the outcome, as any defect is
            self.failed = error
        finally:
            self._tasks = ()
            self._done.set()

    def _teller(self, number: int) -> Tell:
        def tell(doing: str) -> None:
            if self._stop.is_set():
                raise Stopped
            self.progress = Progress(number, self.progress.tasks, doing)

        return tell
