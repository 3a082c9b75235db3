"""Asking a run to stop that is at work, wherever its process is."""

from __future__ import annotations

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.progress import RunState
from ccds_kernel.workflow.run_folder import RunFolder

_IS = {
    RunState.WAITING: "waits for its job to begin",
    RunState.ENDED: "has ended",
    RunState.STOPPED: "was stopped",
    RunState.BROKEN: "broke off",
    RunState.INTERRUPTED: "was interrupted",
}


def stop(folder: RunFolder) -> None:
    """Asks whoever runs in `folder` to stop: heard within seconds.

    Raises:
        CcdsError: nobody is at it.
    """
    progress = folder.progress()
    state = None if progress is None else progress.now()
    if state is not RunState.RUNNING:
        raise CcdsError(
            expected="a run that is at work",
            found="none yet" if state is None else f"one that {_IS[state]}",
            do="leave it so",
        )
    folder.ask_to_stop()
