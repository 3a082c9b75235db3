"""Measuring beside the page: a thread that goes through a plan, and what it has told so far.

One thread, so that whoever looks at a cohort takes one core and no more; the page asks what is new. It ends with its plan, when
it is stopped, or with the kernel: what it measured is kept by then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from threading import Event, Thread

from ccds_kernel.errors import CcdsError
from ccds_widgets.normalization.spread.ports import Plan, Told

_log = logging.getLogger(__name__)


class Measuring:
    """A plan at work; it begins when this is made.

    Args:
        plan: what is to be measured.
        permit: raises a CcdsError where the person may not see images (any more), which ends it; asked before each volume.
    """

    def __init__(self, plan: Plan, permit: Callable[[], None]) -> None:
        self.plan = plan
        self._permit = permit
        self._told: list[Told] = []
        self._stop = Event()
        self._failed = False
        self._thread = Thread(target=self._work, args=(plan.steps,), name="ccds-spread", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """How much was told so far."""
        return len(self._told)

    @property
    def is_at_work(self) -> bool:
        """Whether more is to come; where it was stopped nothing is, though its thread may still be at its last volume."""
        return self._thread.is_alive() and not self._stop.is_set()

    @property
    def is_whole(self) -> bool:
        """Whether the plan was gone through to its end."""
        return self.count >= self.plan.total

    @property
    def has_failed(self) -> bool:
        """Whether it ended by a defect."""
        return self._failed

    def since(self, count: int, most: int) -> list[Told]:
        """What was told after the first `count`, so many at most."""
        return self._told[count : count + most]

    def stop(self) -> None:
        """Ends it after what it is at."""
        self._stop.set()

    def _work(self, steps: Iterator[Told]) -> None:
        try:
            while not self._stop.is_set():
                self._permit()
                told = next(steps, None)
                if told is None:
                    return
                self._told.append(told)  # one writer; readers slice
        except CcdsError:
            return  # whoever asks next is told so by the same check
        except Exception as error:  # noqa: BLE001 - the last resort of a thread: told on the page, and in the log without its text
            self._failed = True
            _log.error("measuring a cohort failed: %s", type(error).__name__)
