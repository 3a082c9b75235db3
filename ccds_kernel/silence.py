"""Keeping a library to itself: what silences it is the whole process's, and several threads of it may ask for that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock


def mute(kept: ExitStack, *names: str) -> None:
    """Lets these loggers say nothing, until `kept` is closed."""
    for name in names:
        logger = logging.getLogger(name)
        kept.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL + 1)


class Silence:
    """Holds as long as one of those who asked for it is inside.

    Args:
        begin: silences the library, and puts what ends that on the stack.
    """

    def __init__(self, begin: Callable[[ExitStack], None]) -> None:
        self._begin = begin
        self._lock = Lock()
        self._inside = 0
        self._kept = ExitStack()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside of it the library is silent."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._begin(self._kept)
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._kept.close()
