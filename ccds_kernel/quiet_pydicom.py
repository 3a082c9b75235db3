"""Keeping pydicom's warnings to itself: they quote values, which may be a patient's.

Archives have values that DICOM doesn't allow, UIDs with zeros before a number say, and pydicom warns of each by quoting it, to
stderr and to its log.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pydicom import config

from ccds_kernel.silence import Silence


def _begin(kept: ExitStack) -> None:
    kept.enter_context(config.disable_value_validation())
    kept.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    logger = logging.getLogger("pydicom")
    kept.callback(logger.setLevel, logger.level)
    logger.setLevel(logging.CRITICAL + 1)


_SILENCE = Silence(_begin)


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Inside of it pydicom takes values as they are, and says nothing."""
    with _SILENCE.held():
        yield
