"""What has become of a run: a pure function of what its job's scheduler says and what the training itself left.

UNKNOWN is alive: only a positive answer, the scheduler's or the training's own, means that a run ended.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ccds_kernel.batch import JobState, JobStatus
from ccds_kernel.training.record import Exit, Outcome

_SHELL_SIGNALS = 128


class RunState(enum.StrEnum):
    """Where a run stands.

    Members:
        PENDING: its job waits, or waits again after it made room; it resumes by itself.
        RUNNING: it trains.
        SUSPENDED: its job was halted and may go on.
        FINISHED: all epochs are done.
        STOPPED: the loss or a weight wasn't finite any more; the last good checkpoint is kept.
        CANCELLED: ended because someone cancelled it.
        KILLED: ended from outside: a signal, the wall time, a lost machine.
        FAILED: the training couldn't go on.
        UNKNOWN: nobody can say: alive until the contrary is known.
    """

    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    FINISHED = "finished"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    KILLED = "killed"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Whether it is certain that the run doesn't go on by itself."""
        return self not in {RunState.PENDING, RunState.RUNNING, RunState.SUSPENDED, RunState.UNKNOWN}

    @property
    def restartable(self) -> bool:
        """Whether a restart would go on from the last checkpoint."""
        return self.ended and self is not RunState.FINISHED


@dataclass(frozen=True)
class Judgement:
    """A state, and why in one line; the reason is empty where there is nothing to say."""

    state: RunState
    reason: str = ""


def judge(job: JobStatus | None, left: Exit | None) -> Judgement:
    """The state of a run.

    Args:
        job: the status of its last start's job; None when it isn't known whether the scheduler has one.
        left: what the training of that start left; None where it left nothing.
    """
    if job is None:
        return Judgement(RunState.UNKNOWN, "it isn't known whether the scheduler has its job: restart it to find out")
    # Told to end, a training may fail of that: who cancelled it knows better.
    failed_of_it = job.state is JobState.CANCELLED and left is not None and left.outcome is Outcome.FAILED
    if left is not None and not failed_of_it and (job.state.ended or job.state is JobState.UNKNOWN):
        return Judgement(RunState(left.outcome.value), left.reason)
    if not job.state.ended:
        return Judgement(RunState(job.state.value), job.reason or "")
    if job.state is JobState.CANCELLED:
        return Judgement(RunState.CANCELLED, job.reason or "")
    if job.state is JobState.SUCCEEDED:
        return Judgement(RunState.FAILED, "its job ended without a word of the training; see its log")
    killed = job.exit_code is None or job.exit_code < 0 or job.exit_code > _SHELL_SIGNALS
    return Judgement(RunState.KILLED if killed else RunState.FAILED, job.reason or "the scheduler gives no reason")
