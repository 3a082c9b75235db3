"""Keeping pydicom's warnings to itself: they quote values, which may be a patient's.

Archives have values that DICOM doesn't allow, UIDs with zeros before a number say, and pydicom warns of each by quoting it, to
stderr and to its log. What silences it is the whole process's, and several threads read DICOM: it is silent as long as one of
them asks for it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

from pydicom import config


class _Silence:
    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._kept = ExitStack()

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside > 1:
                return
            self._kept.enter_context(config.disable_value_validation())
            self._kept.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            logger = logging.getLogger("pydicom")
            self._kept.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.CRITICAL + 1)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._kept.close()


_SILENCE = _Silence()


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Inside of it pydicom takes values as they are, and says nothing."""
    _SILENCE.enter()
    try:
        yield
    finally:
        _SILENCE.leave()
