"""Why a job waits, its position, and when it will start if every run takes its whole wall time and nobody else comes.

Pure, and built on the decision itself (`dispatch.plan`): the estimate plays the same rules forward, so that the two can't
tell different stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ccds_kernel.batch.local.dispatch import Capacity, Job, Room, after, free_room, need_of, plan, waiting_in_order
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import Explanation, JobId

_MOST_STEPS = 200
_MOST_LOOKS = 20_000
"""Ends of runs that are played forward, and jobs looked at in doing so: about 0.2 s. Behind more there is no estimate."""


def explain(jobs: Sequence[Job], capacity: Capacity, job: Job, now: float) -> Explanation:
    """Why `job`, one of `jobs`, has not started.

    Args:
        jobs: every job that has not ended.
        capacity: what the machine offers.
        job: the job asked about.
        now: UTC seconds since 1970.
    """
    if job.running:
        return Explanation(reason="is being stopped" if job.stopping else "runs")
    if not capacity.room.holds(job.asks):
        return Explanation(reason="this machine no longer has what the job asks for")
    is_app = job.priority_class is PriorityClass.APP
    queue = [it for it in waiting_in_order(jobs) if (it.priority_class is PriorityClass.APP) == is_app]
    position = 1 + [it.id for it in queue].index(job.id)
    return Explanation(
        reason=_reason(jobs, capacity, job, position),
        position=position,
        estimated_start=estimate(jobs, capacity, job, now),
    )


def explain_new(jobs: Sequence[Job], capacity: Capacity, spec: JobSpec, now: float) -> Explanation:
    """As `explain`, for a job that isn't submitted yet."""
    job = Job(
        id=JobId(""),
        order=max((it.order for it in jobs), default=0) + 1,
        owner=spec.owner,
        priority_class=spec.priority_class,
        asks=need_of(spec),
        preemptible=spec.requeueable,
        wall_s=spec.wall_minutes * 60,
    )
    return explain([*jobs, job], capacity, job, now)


def _reason(jobs: Sequence[Job], capacity: Capacity, job: Job, position: int) -> str:
    free = free_room(jobs, capacity)
    if any(start.id == job.id for start in plan(jobs, capacity).start):
        return "starts now"
    short = "; ".join(_shortages(free, capacity.room, job.asks))
    ahead = f"{position - 1} {_plural(position - 1, 'job')} before it"
    if not short:
        return f"waiting behind {ahead}"
    return f"waiting for {short}{_making_room(jobs, job)}" + (f"; {ahead}" if position > 1 else "")


def _making_room(jobs: Sequence[Job], job: Job) -> str:
    """Who is about to leave the room that `job` competes for."""
    is_app = job.priority_class is PriorityClass.APP
    leaving = {it.priority_class for it in jobs if it.stopping and (it.priority_class is PriorityClass.APP) == is_app}
    if not leaving:
        return ""
    return ", batch work is making room" if leaving == {PriorityClass.BATCH} else ", a session is being stopped"


def _shortages(free: Room, everything: Room, asks: Room) -> list[str]:
    amounts = (
        (asks.gpus, free.gpus, everything.gpus, "GPU"),
        (asks.cpus, free.cpus, everything.cpus, "core"),
        (asks.memory_mb, free.memory_mb, everything.memory_mb, "MiB"),
        (asks.apps, free.apps, everything.apps, "place"),
    )
    return [
        f"{asked} {_plural(asked, unit)}: {whole - left} of {whole} in use"
        for asked, left, whole, unit in amounts
        if asked > left and asked
    ]


def _plural(count: int, unit: str) -> str:
    return unit if count == 1 or unit == "MiB" else f"{unit}s"


def estimate(jobs: Sequence[Job], capacity: Capacity, job: Job, now: float) -> datetime | None:
    """When `job` starts at the latest if nobody else comes (UTC); None when that can't be derived."""
    queue = waiting_in_order(jobs)
    # Who comes after it never delays it: what may pass it meanwhile is preempted for it.
    ahead = queue[: queue.index(job) + 1]
    present = [it for it in jobs if it.running and not it.stopping] + ahead
    for _ in range(min(_MOST_STEPS, _MOST_LOOKS // len(present))):
        decisions = plan(present, capacity)
        if any(start.id == job.id for start in decisions.start):
            return datetime.fromtimestamp(now, UTC)
        present = [_requeued(it) if it.stopping else it for it in after(present, decisions, now)]
        if decisions.preempt:
            continue
        running = [it for it in present if it.running]
        if not running:
            return None
        next_end = min(running, key=_end)
        now = max(now, _end(next_end))
        present.remove(next_end)
    return None


def _end(job: Job) -> float:
    return job.started + job.wall_s


def _requeued(job: Job) -> Job:
    return replace(job, running=False, stopping=False, gpus=())
