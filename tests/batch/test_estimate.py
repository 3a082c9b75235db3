"""Reasons, positions and estimates, compared whole."""

from dataclasses import replace
from datetime import UTC, datetime

from ccds_kernel.batch import Explanation, JobId, PriorityClass
from ccds_kernel.batch.local.dispatch import Capacity, Job, need
from ccds_kernel.batch.local.estimate import explain

MACHINE = Capacity(cpus=8, memory_mb=8000, gpus=("0", "1", "2", "3"), apps=1)


def job(order: int, kind: PriorityClass, gpus: int, **fields: object) -> Job:
    """A waiting job of one core."""
    asks = need(kind, cpus=1, memory_mb=100, gpus=gpus)
    return Job(id=JobId(str(order)), order=order, owner="ann", priority_class=kind, asks=asks, **fields)


def runs(waiting: Job, slots: str, *, started: float, wall_s: float) -> Job:
    """The same job, running."""
    return replace(waiting, running=True, gpus=tuple(slots), started=started, wall_s=wall_s)


def at(seconds: float) -> datetime:
    """A moment."""
    return datetime.fromtimestamp(seconds, UTC)


def test_the_estimate_is_when_enough_runs_have_ended() -> None:
    """Two nodes end at 100 s and 200 s; who wants both's GPUs starts at 200 s, the one behind not before."""
    a = runs(job(1, PriorityClass.FIRST, 2), "01", started=0, wall_s=100)
    b = runs(job(2, PriorityClass.FIRST, 2), "23", started=0, wall_s=200)
    large = job(3, PriorityClass.FIRST, 4, wall_s=50)
    behind = job(4, PriorityClass.SECOND, 1)
    jobs = [a, b, large, behind]

    told = [explain(jobs, MACHINE, it, now=10.0) for it in (large, behind)]

    assert told == [
        Explanation(reason="waiting for 4 GPUs: 4 of 4 in use", position=1, estimated_start=at(200)),
        Explanation(reason="waiting for 1 GPU: 4 of 4 in use; 1 job before it", position=2, estimated_start=at(250)),
    ]


def test_a_job_behind_a_larger_one_says_so() -> None:
    """There is a free GPU, but it is kept."""
    a = runs(job(1, PriorityClass.FIRST, 3), "012", started=0, wall_s=100)
    jobs = [a, job(2, PriorityClass.FIRST, 4, wall_s=10), job(3, PriorityClass.SECOND, 1)]

    told = explain(jobs, MACHINE, jobs[2], now=10.0)

    assert told == Explanation(reason="waiting behind 1 job before it", position=2, estimated_start=at(110))


def test_room_that_is_being_made_is_told() -> None:
    """Batch work is on its way out."""
    batch = runs(job(1, PriorityClass.BATCH, 4, preemptible=True), "0123", started=0, wall_s=1000)
    jobs = [replace(batch, stopping=True), job(2, PriorityClass.FIRST, 1)]

    told = explain(jobs, MACHINE, jobs[1], now=10.0)

    assert told.reason == "waiting for 1 GPU: 4 of 4 in use, batch work is making room"
    assert told.estimated_start == at(10)


def test_a_session_that_is_stopped_is_not_called_batch_work() -> None:
    """A node that ends makes room for nodes, an app that ends for apps only."""
    node = replace(runs(job(1, PriorityClass.FIRST, 4), "0123", started=0, wall_s=1000), stopping=True)
    app = replace(runs(job(2, PriorityClass.APP, 0), "", started=0, wall_s=1000), stopping=True)
    waiting = job(3, PriorityClass.FIRST, 1)

    told = [
        explain(jobs, MACHINE, waiting, now=10.0).reason
        for jobs in ([node, app, waiting], [replace(node, stopping=False), app, waiting])
    ]

    assert told == ["waiting for 1 GPU: 4 of 4 in use, a session is being stopped", "waiting for 1 GPU: 4 of 4 in use"]


def test_a_preempted_batch_job_is_estimated_after_the_node() -> None:
    """It starts again when the node's wall time is over."""
    node = runs(job(1, PriorityClass.FIRST, 4), "0123", started=0, wall_s=500)
    jobs = [node, job(2, PriorityClass.BATCH, 1, preemptible=True)]

    assert explain(jobs, MACHINE, jobs[1], now=10.0).estimated_start == at(500)


def test_apps_have_a_queue_of_their_own() -> None:
    """A node that waits is not before an app."""
    app = runs(job(1, PriorityClass.APP, 0), "", started=0, wall_s=60)
    node = runs(job(2, PriorityClass.FIRST, 4), "0123", started=0, wall_s=500)
    jobs = [app, node, job(3, PriorityClass.FIRST, 1), job(4, PriorityClass.APP, 0)]

    told = explain(jobs, MACHINE, jobs[3], now=10.0)

    assert told == Explanation(reason="waiting for 1 place: 1 of 1 in use", position=1, estimated_start=at(60))


def test_a_long_queue_has_no_estimate() -> None:
    """Behind more ends than are played forward the start is unknown, not guessed."""
    node = runs(job(0, PriorityClass.BATCH, 4), "0123", started=0, wall_s=10)
    jobs = [node, *(job(n, PriorityClass.BATCH, 4, wall_s=10.0) for n in range(1, 400))]

    told = [explain(jobs, MACHINE, it, now=1.0) for it in (jobs[5], jobs[399])]

    assert told[0].estimated_start == at(50)
    assert (told[1].position, told[1].estimated_start) == (399, None)


def test_a_run_past_its_wall_time_ends_now() -> None:
    """It is being ended: the estimate is never in the past."""
    node = runs(job(1, PriorityClass.FIRST, 4), "0123", started=0, wall_s=10)
    jobs = [node, job(2, PriorityClass.FIRST, 1)]

    assert explain(jobs, MACHINE, jobs[1], now=99.0).estimated_start == at(99)
