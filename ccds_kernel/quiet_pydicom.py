"""Keeping pydicom's warnings to itself: they quote values, which may be a patient's.

Archives have values that DICOM doesn't allow, UIDs with zeros before a number say, and pydicom warns of each by quoting it, to
stderr and to its log.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack

from pydicom import config

from ccds_kernel.silence import Silence, mute


def _begin(kept: ExitStack) -> None:
    kept.enter_context(config.disable_value_validation())
    kept.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    mute(kept, "pydicom")


quiet_pydicom = Silence(_begin).held
"""Inside of it pydicom takes values as they are, and says nothing."""
