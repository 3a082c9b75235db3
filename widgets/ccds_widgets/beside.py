"""One piece of work in a thread beside the page's requests, which are answered one at a time and must not wait for it.

The thread holds up nobody who ends this process: a work must bear to end with it. An executor's threads would be waited for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Generic, TypeVar

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """At most one work at a time; the next begins when the one before was collected."""

    def __init__(self, name: str = "ccds-beside") -> None:
        self._name = name
        self._going: Future[Result] | None = None

    @property
    def busy(self) -> bool:
        """Whether a work was begun and not collected."""
        return self._going is not None

    def begin(self, work: Callable[[], Result]) -> bool:
        """Begins `work`, unless one is going on; returns whether it did."""
        if self.busy:
            return False
        going: Future[Result] = Future()
        Thread(target=_do, args=(work, going), name=self._name, daemon=True).start()
        self._going = going
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


class Errand(Beside[object]):
    """At most one work at a time, of which nobody collects anything: what goes wrong in it is logged."""

    @property
    def busy(self) -> bool:
        """Whether a work goes on."""
        return self._going is not None and not self._going.done()

    def begin(self, work: Callable[[], object]) -> bool:
        """Begins `work`, unless one is going on; returns whether it did."""
        return super().begin(lambda: self._logged(work))

    def _logged(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - nobody waits for it; the words may quote a header
            _log.error("%s ended: %s", self._name, type(error).__name__)


def _do(work: Callable[[], Result], going: Future[Result]) -> None:
    try:
        going.set_result(work())
    except BaseException as error:  # noqa: BLE001 - is raised where it is collected
        going.set_exception(error)
