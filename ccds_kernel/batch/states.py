"""What a scheduler says about jobs and nodes.

Only a positive answer that a job ended means that it ended. An error, a time-out, a suspended or unknown job is alive:
`JobState.ended` is the one place that decides, and it is False for all of them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from ccds_kernel.batch.spec import PriorityClass

UNKNOWN_REASON = "unknown"
"""What `Explanation.reason` is where the scheduler doesn't say why."""

JobId = NewType("JobId", str)
"""A job as its scheduler names it; opaque, never reused within one scheduler."""


class JobState(enum.StrEnum):
    """Where a job stands.

    Members:
        PENDING: waits, or waits again after it was preempted.
        RUNNING: its command runs, or is being stopped and has not ended yet.
        SUSPENDED: stopped by the scheduler or a person and may go on.
        SUCCEEDED: its command ended with exit code 0.
        FAILED: its command ended otherwise, could not be started, or ran out of wall time.
        CANCELLED: ended because someone cancelled it.
        UNKNOWN: the scheduler can't say, or didn't answer: alive until the contrary is known.
    """

    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Whether the scheduler said positively that the job is over."""
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """One job as its scheduler sees it at one moment; times are UTC and aware, None where not (yet) known.

    Attributes:
        id: the job.
        state: where it stands.
        name: the name under which it was submitted; None when the scheduler doesn't know the job.
        owner: the person for whom it runs.
        user: the Unix user whose job it is, as the scheduler says.
        priority_class: its present class (`set_priority` may have changed it).
        node: the host on which it runs or ran, the first of several.
        nodes: all of them, where the scheduler tells.
        address: where that node is reached, as the scheduler says.
        exit_code: of the command: 0 to 255, or minus the signal that killed it.
        reason: in words: why it failed, or why the state is UNKNOWN.
        submitted: when it was accepted.
        started: when its present (or last) run began.
        ended: when it was over.
        wall_ends: when its wall time will be over, while it runs.
        gpus_granted: the scheduler's names of its GPUs, while it runs.
        requeues: how often it was stopped and put back into the queue.
        waits: while it waits: why, where the scheduler tells that in the same answer; None where it has to be asked (`explain`).
    """

    id: JobId
    state: JobState
    name: str | None = None
    owner: str | None = None
    user: str | None = None
    priority_class: PriorityClass | None = None
    node: str | None = None
    nodes: tuple[str, ...] = ()
    address: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    submitted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    wall_ends: datetime | None = None
    gpus_granted: tuple[str, ...] = ()
    requeues: int = 0
    waits: Explanation | None = None


@dataclass(frozen=True, kw_only=True)
class Node:
    """One host, what it has and what of it is free now.

    Attributes:
        name: the host.
        cpus: cores for jobs.
        cpus_free: of them, not taken.
        memory_mb: MiB for jobs.
        memory_mb_free: of it, not taken.
        gpus: GPUs for jobs.
        gpus_free: of them, not taken. GPUs under preemptible batch work count as taken: see `gpus_preemptible`.
        gpus_preemptible: GPUs taken by batch work that yields to interactive jobs.
        gpu_model: what the site calls them; None when it has none or doesn't say.
        up: whether the scheduler would start a job there.
    """

    name: str
    cpus: int
    cpus_free: int
    memory_mb: int
    memory_mb_free: int
    gpus: int
    gpus_free: int
    gpus_preemptible: int = 0
    gpu_model: str | None = None
    up: bool = True


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why a job has not started, as the scheduler says: never our guess.

    Attributes:
        reason: in plain words, what the scheduler's own mean; `UNKNOWN_REASON` when it says nothing.
        said: the scheduler's own words; None when it has none beside `reason`.
        position: its place among those waiting, 1 = next; None when not waiting or unknown.
        estimated_start: UTC; None when the scheduler can't derive one.
    """

    reason: str
    said: str | None = None
    position: int | None = None
    estimated_start: datetime | None = None
