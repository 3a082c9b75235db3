"""Ending processes whose own children may go on starting others."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from support.waiting import until


def kill_all(processes: Callable[[], list[int]], what: str) -> None:
    """Kills what `processes` finds until it finds none: one may have begun another since they were looked for."""

    def none_left() -> bool:
        left = processes()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    until(none_left, f"all processes of {what} to be gone")
