"""What happens to jobs on a real Slurm: they stand, yield, are moved, wait their turn, lose their node, run as an array."""

from pathlib import Path

import pytest

from ccds_kernel.batch import Array, Explanation, JobRefusedError, JobState, PriorityClass
from support.scheduler_contract import HOLD, Connect, Jobs
from support.slurm import Cluster, Host, running_slurm
from support.slurm_client import LONG_S, client, connect
from support.waiting import until

__all__ = ["connect"]

FIRST, SECOND, BATCH = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH


def test_a_suspended_job_is_alive(cluster: Cluster, jobs: Jobs) -> None:
    """Suspended is shown as that, and it goes on after it."""
    job = jobs.submit("session", *HOLD)
    jobs.until_runs(job)

    cluster.suspend(job)
    suspended = jobs.status(job)
    cluster.resume(job)

    assert (suspended.state, suspended.state.ended) == (JobState.SUSPENDED, False)
    assert jobs.until_runs(job).node == suspended.node


def test_batch_work_yields_to_a_first_node_and_begins_anew(jobs: Jobs) -> None:
    """It is stopped for it, waits again, and starts from its command when there is room; meanwhile it is alive."""
    work = jobs.submit("work", "sh", "-c", "echo begun; exec sleep 600", gpus=4, requeueable=True)
    jobs.until_runs(work)
    until(lambda: jobs.log.exists() and jobs.log.read_text() == "begun\n", "the work to begin")

    node = jobs.submit("node", *HOLD, gpus=2, priority_class=FIRST)
    until(
        lambda: not jobs.status(work).state.ended and jobs.status(node).state is JobState.RUNNING,
        "the node to start",
        10,
    )
    waits = jobs.until_state(work, JobState.PENDING)
    jobs.scheduler.cancel(node)
    until(lambda: jobs.status(work).state is JobState.RUNNING, "the work to begin anew", LONG_S)

    assert waits.requeues == 1
    assert waits.waits
    assert waits.waits.reason != "unknown"
    assert jobs.status(work).requeues == 1
    until(lambda: jobs.log.read_text() == "begun\nbegun\n", "the work to begin anew")


def test_batch_work_under_a_first_node_counts_as_preemptible(jobs: Jobs) -> None:
    """Capacity tells how many GPUs would yield."""
    work = jobs.submit("work", *HOLD, gpus=3, requeueable=True)
    jobs.until_runs(work)

    (node,) = (it for it in jobs.scheduler.capacity() if it.gpus)

    assert (node.gpus_free, node.gpus_preemptible, node.gpu_model) == (1, 3, "a100")


def test_a_move_by_hand_shows_and_is_undone(cluster: Cluster, jobs: Jobs) -> None:
    """A pending job that somebody moved with scontrol has the class of its partition, until it is moved back."""
    holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=FIRST)
    jobs.until_runs(holder)
    job = jobs.submit("second", *HOLD, gpus=1, priority_class=SECOND)

    cluster.run("scontrol", "update", f"JobId={job}", "Partition=interactive")
    moved = jobs.status(job).priority_class
    jobs.scheduler.set_priority(job, SECOND)

    assert moved is FIRST
    assert jobs.status(job).priority_class is SECOND


def test_a_running_job_s_class_is_noted(cluster: Cluster, jobs: Jobs, connect: Connect) -> None:
    """Slurm leaves it in its partition; every client tells the new class."""
    job = jobs.submit("session", *HOLD, priority_class=SECOND)
    jobs.until_runs(job)

    jobs.scheduler.set_priority(job, FIRST)

    assert connect().status([job])[job].priority_class is FIRST
    assert cluster.run("squeue", "--noheader", "--format=%P", f"--jobs={job}").strip() == "second"


def test_a_mark_that_somebody_wrote_over_is_told(cluster: Cluster, jobs: Jobs) -> None:
    """The job is still ours and alive; its class isn't known any more, it isn't moved, and it can be cancelled."""
    job = jobs.submit("session", *HOLD, priority_class=FIRST)
    jobs.until_runs(job)

    cluster.run("scontrol", "update", f"JobId={job}", "Comment=mine")
    known = jobs.status(job)
    with pytest.raises(JobRefusedError, match="whose comment somebody changed"):
        jobs.scheduler.set_priority(job, SECOND)
    jobs.scheduler.cancel(job)

    assert (known.state, known.name, known.owner, known.priority_class) == (JobState.RUNNING, "session", "ann", None)
    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_job_whose_node_fails_has_ended_unless_it_waits_again(cluster: Cluster, jobs: Jobs) -> None:
    """A session fails with its node; requeueable work lives."""
    session = jobs.submit("session", *HOLD, gpus=1, priority_class=FIRST)
    work = jobs.submit("work", *HOLD, gpus=1, requeueable=True)
    jobs.until_runs(session)
    jobs.until_runs(work)

    with cluster.failed_node("gpu1"):
        failed, lives = jobs.until_ended(session), jobs.until_state(work, JobState.PENDING)

    assert (failed.state, failed.reason) == (JobState.FAILED, "its node failed")
    assert not lives.state.ended


def test_a_node_that_is_drained_is_not_up(cluster: Cluster, jobs: Jobs) -> None:
    """No job would start there, idle as it is."""
    cluster.run("scontrol", "update", "NodeName=gpu1", "State=DRAIN", "Reason=test")
    drained = {node.name: node.up for node in jobs.scheduler.capacity()}
    cluster.run("scontrol", "update", "NodeName=gpu1", "State=UNDRAIN")

    assert drained == {"gpu1": False, "cpu1": True}


def test_a_held_job_says_so_and_holds_up_nobody(cluster: Cluster, jobs: Jobs) -> None:
    """It has no place in the line; who waits behind it is next."""
    holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=FIRST)
    jobs.until_runs(holder)
    held = jobs.submit("held", *HOLD, gpus=1)
    behind = jobs.submit("behind", *HOLD, gpus=1)

    cluster.run("scontrol", "hold", held)

    assert jobs.scheduler.explain(held).reason.startswith("is held by")
    assert jobs.scheduler.explain(held).position is None
    assert jobs.scheduler.explain(behind).position == 1


def test_first_nodes_wait_before_others_in_the_line(jobs: Jobs) -> None:
    """The position counts who is served before, whoever came first; the reason comes with Slurm's own word."""
    holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=FIRST, wall_minutes=60)
    jobs.until_runs(holder)
    ids = [jobs.submit(f"in-{kind}", *HOLD, gpus=1, priority_class=kind) for kind in (BATCH, SECOND, FIRST)]

    def planned() -> list[Explanation]:
        statuses = jobs.scheduler.status(ids)
        told = [waits for it in ids if (waits := statuses[it].waits)]
        return told if len(told) == len(ids) and all(it.said and it.estimated_start for it in told) else []

    told = until(planned, "Slurm to plan their starts and to say why they wait")

    assert [it.position for it in told] == [3, 2, 1]
    assert all(it.reason != "unknown" for it in told)


def test_a_start_is_estimated_and_nothing_submitted(jobs: Jobs) -> None:
    """Slurm says when such a job would start, and refuses what can never."""
    free = jobs.scheduler.estimate(jobs.spec("ask", "true", gpus=2, priority_class=FIRST))
    holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=FIRST, wall_minutes=60)
    ends = jobs.until_runs(holder).wall_ends

    full = jobs.scheduler.estimate(jobs.spec("ask", "true", gpus=2, priority_class=SECOND))
    with pytest.raises(JobRefusedError):
        jobs.scheduler.estimate(jobs.spec("ask", "true", gpus=5))

    assert free.reason == "could start now"
    assert full.estimated_start
    assert ends
    assert full.estimated_start >= ends
    assert [it.id for it in jobs.scheduler.mine()] == [holder]


def test_no_token_is_where_others_look(cluster: Cluster, jobs: Jobs, folder: Path) -> None:
    """Neither in the script nor in what Slurm tells of a job; only in a file of its owner's, until the end."""
    job = jobs.submit("session", *HOLD, env={"JUPYTERHUB_API_TOKEN": "s3cret-t0ken"})
    jobs.until_runs(job)

    seen = [
        cluster.run("scontrol", "write", "batch_script", job, "-"),
        cluster.run("scontrol", "show", "job", "--details", job),
        *(path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()),
    ]
    order = folder / "ids" / job / "run.json"
    kept = (order.stat().st_mode & 0o777, order.read_text().count("s3cret-t0ken"))
    jobs.scheduler.cancel(job)
    jobs.until_ended(job)

    assert not [text for text in seen if "s3cret" in text]
    assert kept == (0o600, 1)
    assert not order.exists()


@pytest.mark.parametrize("owner", ["eve; rm -rf / $(id) `id`", "\"'\\ :%=é😀", "-n --uid=0"])
def test_an_owner_of_any_letters_comes_back_as_they_stand(jobs: Jobs, owner: str) -> None:
    """What the hub calls a person is data, to Slurm and to the shell of the script."""
    job = jobs.submit("a.B_c@d+e-9", "true", owner=owner)

    status = jobs.until_ended(job)

    assert (status.state, status.owner, status.name) == (JobState.SUCCEEDED, owner, "a.B_c@d+e-9")


def test_an_array_is_one_job(jobs: Jobs) -> None:
    """Its tasks each run once and know their number; it succeeds when all did."""
    job = jobs.submit("array", "sh", "-c", "echo $CCDS_ARRAY_INDEX $CCDS_JOB_ID", array=Array(count=3, at_once=2))

    status = jobs.until_ended(job)

    assert status.state is JobState.SUCCEEDED
    assert sorted(jobs.log.read_text().splitlines()) == [f"{task} {job}" for task in range(3)]


def test_an_array_fails_with_a_task(jobs: Jobs) -> None:
    """It says how many failed, and how the first did."""
    job = jobs.submit("array", "sh", "-c", "exit $CCDS_ARRAY_INDEX", array=Array(count=2, at_once=2))

    status = jobs.until_ended(job)

    assert (status.state, status.reason) == (JobState.FAILED, "1 of 2 tasks failed; the first: exit code 1")


def test_an_array_is_cancelled_as_a_whole(jobs: Jobs) -> None:
    """The tasks that run and those that wait."""
    job = jobs.submit("array", *HOLD, array=Array(count=3, at_once=1))
    jobs.until_runs(job)

    jobs.scheduler.cancel(job)

    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_job_has_several_hosts_or_a_share_of_a_gpu(tmp_path: Path) -> None:
    """All of its hosts are told, the first as its node, with the GPUs of each; shares are handed out where the site cuts GPUs."""
    hosts = (Host("gpu1", gpus=2, shards=4), Host("gpu2", gpus=2), Host("cpu1"))
    with running_slurm(*hosts) as cluster:
        jobs = Jobs(client(cluster, tmp_path / "state"), tmp_path)
        wide = jobs.submit("wide", *HOLD, hosts=2, gpus=1)
        share = jobs.submit("share", *HOLD, gpu_shares=2)

        status = jobs.until_runs(wide)

        assert (status.node, status.nodes, status.address) == ("gpu1", ("gpu1", "gpu2"), "127.0.0.1")
        assert [slot.partition(":")[0] for slot in status.gpus_granted] == ["gpu1", "gpu2"]
        assert jobs.until_runs(share).node == "gpu1"
