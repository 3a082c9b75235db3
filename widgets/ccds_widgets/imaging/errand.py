"""One piece of work in a thread beside the page's requests: long, and left alone when the kernel ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Errand:
    """At most one work at a time. Its thread holds up nobody who ends this process: what it does must bear that."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a work goes on."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, work: Callable[[], object]) -> bool:
        """Begins `work`, unless one goes on; returns whether it did."""
        if self.busy:
            return False
        self._thread = threading.Thread(target=self._done, args=(work,), name=self._name, daemon=True)
        self._thread.start()
        return True

    def _done(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - nobody waits for it; the words may quote a header
            _log.error("%s ended: %s", self._name, type(error).__name__)
