"""A worker's signs of life in the project's database, and hearing from there that it is to end."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.store.store import Store

EVERY_S = 5.0
_LATELY_S = 20.0
"""What the pace is the mean of."""


class Pulse:
    """One run of a worker, told to whoever looks.

    Args:
        store: the project's.
        person: who runs it.
    """

    def __init__(self, store: Store, person: str) -> None:
        self._store = store
        self._lock = Lock()
        self._received = 0
        now = time.monotonic()
        self._told: deque[tuple[float, int]] = deque([(now, 0)])
        with store.writing() as connection:
            self._run = rows.begin_run(connection, person)

    def received(self, size: int) -> None:
        """Counts bytes; from any thread."""
        with self._lock:
            self._received += size

    def beat(self) -> bool:
        """Gives a sign of life, if it is time for one; whether the run is asked to end. By the worker's own thread."""
        now = time.monotonic()
        if now - self._told[-1][0] < EVERY_S:
            with self._store.reading() as connection:
                return rows.run_stops(connection, self._run)
        received = self._received
        self._told.append((now, received))
        while len(self._told) > 2 and now - self._told[1][0] >= _LATELY_S:  # noqa: PLR2004 - two make a pace
            self._told.popleft()
        since, before = self._told[0]
        with self._store.writing() as connection:
            rows.beat(connection, self._run, received, (received - before) / (now - since))
            return rows.run_stops(connection, self._run)

    def end(self, why: CcdsError | None) -> None:
        """Says that the run ended, and what ended it."""
        with self._store.writing() as connection:
            rows.end_run(connection, self._run, self._received, None if why is None else str(why))
