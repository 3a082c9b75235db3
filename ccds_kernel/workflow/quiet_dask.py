"""Keeping Dask's log to itself, where a person reads what its process says: whatever fails, the run says so in its own words.

An interrupt often comes in the midst of something of Dask's, which writes a traceback and a warning of it (distributed
2026.8: `sync`, `Client.gather`), though the run ends in order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ccds_kernel.silence import Silence

_LOGGERS = ("distributed", "distributed.client", "tornado.application")
"""Those that Dask gives levels of their own, and that speak of failures."""


def _begin(kept: ExitStack) -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        kept.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL + 1)


_SILENCE = Silence(_begin)


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Inside of it Dask says nothing."""
    with _SILENCE.held():
        yield
