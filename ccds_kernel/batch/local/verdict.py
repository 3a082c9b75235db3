"""What becomes of a job when its run is over: a pure function, so that each case can be read and tested in one line."""

from __future__ import annotations

from ccds_kernel.batch.ending import Verdict, of_itself
from ccds_kernel.batch.exits import ExitFile
from ccds_kernel.batch.states import JobState

_MOST_REQUEUES = 20
"""A job whose runs vanish is not started for ever: something about it kills its wrapper."""


def verdict(
    exit_file: ExitFile | None, intent: str | None, *, requeueable: bool, requeues: int, rebooted: bool
) -> Verdict:
    """The state in which a run that is over ends, with its reason; PENDING when it goes back into the queue.

    Args:
        exit_file: what its wrapper left; None when everything of the run is gone without one.
        intent: why the scheduler was stopping it (cancel, preempt, wall), or None. It counts only when it is what ended
            the command: one that ended by itself a moment before has its own result.
        requeueable: whether it may run again.
        requeues: how often it did.
        rebooted: whether the machine was started anew since the run began.
    """
    if (exit_file is None or exit_file.stopped) and (stopped := _stopped(intent, requeueable)):
        return stopped
    if exit_file is None:
        if requeueable and (rebooted or requeues < _MOST_REQUEUES):
            return Verdict(JobState.PENDING)
        lost = "lost in a restart of the machine" if rebooted else "its processes vanished without leaving an exit file"
        return Verdict(JobState.FAILED, lost)
    return of_itself(exit_file)


def _stopped(intent: str | None, requeueable: bool) -> Verdict | None:
    """The verdict on a run that did not end by itself; None when nobody here wanted its end."""
    if intent == "cancel":
        return Verdict(JobState.CANCELLED)
    if intent == "wall":
        return Verdict(JobState.FAILED, "its wall time is over")
    if intent == "preempt" and requeueable:
        return Verdict(JobState.PENDING)
    return None
