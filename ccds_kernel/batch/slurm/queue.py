"""What one answer of `squeue` says about our jobs: pure.

Only a state that Slurm calls over, with no flag that says otherwise, is an end. A job whose node failed or that gave way to
others is over only where Slurm didn't put it back into the queue: then it is PENDING.

Of a job of ours whose record can't be read nothing is known. Somebody else's stands in line as long as what gives it its place
can be read; where that can't, nobody's place in that line is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ccds_kernel.batch.ending import Verdict
from ccds_kernel.batch.fields import UNREADABLE
from ccds_kernel.batch.slurm.answers import SlurmJob
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.slurm.words import ENDED, NOT_IN_LINE, reason_of
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobState

_STOPPING = frozenset({"COMPLETING", "STAGE_OUT", "SIGNALING"})
_WAITING = frozenset(
    {
        "PENDING",
        "CONFIGURING",
        "POWER_UP_NODE",
        "REQUEUED",
        "REQUEUE_FED",
        "REQUEUE_HOLD",
        "RESV_DEL_HOLD",
        "SPECIAL_EXIT",
    }
)
_STANDING = frozenset({"SUSPENDED", "STOPPED"})
_RUNNING = frozenset({"RUNNING", "RESIZING"})
_ALIVE = (
    (_STOPPING, JobState.RUNNING),
    (_WAITING, JobState.PENDING),
    (_STANDING, JobState.SUSPENDED),
    (_RUNNING, JobState.RUNNING),
)
"""In this order: what is being stopped still runs, though it may stand as cancelled or waiting already."""

_LINE = (PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH)
"""Whose jobs wait in one line, in the order in which they are served; app sessions have their own."""


_PLACE = frozenset({"id", "array", "task", "states", "partition", "reason", "priority"})
"""The fields that give a job its place in line."""


def said_of(job: SlurmJob) -> Verdict:
    """What Slurm says of this job or task."""
    return Verdict(JobState.UNKNOWN, UNREADABLE) if job.unread else _said_by_states(job)


def _said_by_states(job: SlurmJob) -> Verdict:
    words = frozenset(job.states)
    for some, state in _ALIVE:
        if words & some:
            return Verdict(state)
    if "COMPLETED" in words:
        return Verdict(JobState.SUCCEEDED)
    if "CANCELLED" in words:
        return Verdict(JobState.CANCELLED)
    for word, reason in ENDED.items():
        if word in words:
            return Verdict(JobState.FAILED, reason)
    if "FAILED" in words:
        return Verdict(JobState.FAILED, f"exit code {job.exit_status}")
    return Verdict(JobState.UNKNOWN, f"Slurm calls it {' '.join(job.states) or 'nothing'}")


def exit_code_of(job: SlurmJob) -> int | None:
    """The exit code of a job that Slurm alone tells of: None where it was stopped."""
    return job.exit_status if {"COMPLETED", "FAILED"} & set(job.states) else None


class Line:
    """The jobs that wait, of everybody, in the order in which Slurm serves them.

    Slurm's own order: the partition's tier, which is the class's; then the priority that it computed; then who came first.
    """

    def __init__(self, jobs: Iterable[SlurmJob], site: SlurmSite) -> None:
        waiting = [it for it in jobs if _may_wait(it)]
        places: dict[int, int] = {}
        for kinds in (_LINE, (PriorityClass.APP,)):
            rank = {site.partitions[kind]: place for place, kind in enumerate(kinds)}
            own = [it for it in waiting if it.partition in rank or "partition" in it.unread]
            if any(it.unread & _PLACE for it in own):
                continue
            own.sort(key=lambda it: (rank[it.partition], -it.priority, it.array or it.id, it.task or 0))
            places.update({it.id: place for place, it in enumerate(own, start=1)})
        self._places = places

    def explain(self, parts: Sequence[SlurmJob], now: float) -> Explanation:
        """Why a job waits of which these are the parts that wait, and when it is to start."""
        places = [self._places[it.id] for it in parts if it.id in self._places]
        first = min(parts, key=lambda it: self._places.get(it.id, len(self._places) + 1))
        starts = [it.started for it in parts if it.started > now]
        return Explanation(
            reason=_reason(first),
            said="; ".join(filter(None, (first.reason, first.said))) or None,
            position=min(places, default=None),
            estimated_start=moment(min(starts, default=0)),
        )


def _may_wait(job: SlurmJob) -> bool:
    """Whether it stands in some line, or may, for all that could be read."""
    waits = "states" in job.unread or _said_by_states(job).state is JobState.PENDING
    return waits and job.reason not in NOT_IN_LINE


def _reason(job: SlurmJob) -> str:
    if {"CONFIGURING", "POWER_UP_NODE"} & set(job.states):
        return "its node is being started"
    return reason_of(job.reason) if job.reason else UNKNOWN_REASON


def moment(seconds: float) -> datetime | None:
    """UTC; None for 0, which is how Slurm says that there is no such time."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
