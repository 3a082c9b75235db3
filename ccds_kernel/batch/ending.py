"""How a job ended, from what its wrapper left and what a cluster's scheduler says: pure, each case one line of a test."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from ccds_kernel.batch.exits import ExitFile
from ccds_kernel.batch.states import JobState


@dataclass(frozen=True)
class Verdict:
    """A state with its reason."""

    state: JobState
    reason: str | None = None


_TOLD = (-signal.SIGTERM, -signal.SIGKILL, -signal.SIGINT, -signal.SIGUSR2)
"""How schedulers tell a job to end: LSF by INT first, and by USR2 when its time is over."""
_BY_ITSELF = (JobState.SUCCEEDED, JobState.UNKNOWN)

FORGOTTEN = Verdict(JobState.UNKNOWN, "the scheduler knows no such job, and it left no exit file")


def of_itself(exit_file: ExitFile) -> Verdict:
    """The verdict on a command that nobody told to end."""
    if exit_file.reason or exit_file.code is None:
        return Verdict(JobState.FAILED, exit_file.reason)
    if exit_file.code == 0:
        return Verdict(JobState.SUCCEEDED)
    killed = exit_file.code < 0
    return Verdict(JobState.FAILED, f"killed by signal {-exit_file.code}" if killed else f"exit code {exit_file.code}")


def judge(said: Verdict | None, exit_file: ExitFile | None, *, cancelled: bool) -> Verdict:
    """What is known of a run.

    The exit file says positively that no process of the run is left, and how its command ended: it is believed before the
    scheduler, which may see the end later, forget it, or know of the wrapper only. Only why a run was told to end the scheduler
    alone knows; as long as it calls the job alive, a requeueable one may yet begin anew.

    Args:
        said: what the scheduler says; None when it knows no such job (any more).
        exit_file: what the run's present attempt left; None when it left nothing (yet).
        cancelled: whether its end was asked for through us.
    """
    if exit_file is None:
        return said or FORGOTTEN
    if not exit_file.stopped:
        # A scheduler tells every process of a job at once: the command may be gone before its wrapper has heard.
        told = exit_file.code in _TOLD and (cancelled or (said and said.state not in _BY_ITSELF))
        if not told:
            return of_itself(exit_file)
    if said is None:
        return Verdict(JobState.CANCELLED) if cancelled else Verdict(JobState.FAILED, "it was told to end")
    if said.state is JobState.SUCCEEDED:
        return Verdict(JobState.FAILED, "it was told to end")
    return said
