"""What happens to jobs on LSF, by the stand-in: they stop and go on, yield, are moved, wait their turn, run on many hosts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import UNKNOWN_REASON, Array, JobRefusedError, JobState, PriorityClass
from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf import ENVIRONMENT, LsfScheduler, LsfSite
from support.lsf.client import Client, client, connect, lsf
from support.lsf.stand_in import HOSTS, Host, StandIn, queues, running_lsf
from support.scheduler_contract import HOLD, Jobs
from support.waiting import until

__all__ = ["client", "connect", "lsf"]


def test_a_job_that_is_stopped_goes_on(jobs: Jobs, lsf: StandIn) -> None:
    """It is suspended by bstop and goes on by bresume; a waiting one is held."""
    job = jobs.submit("stopped", *HOLD, gpus=4)
    jobs.until_runs(job)
    waits = jobs.submit("held", *HOLD, gpus=1)

    lsf.run("bstop", job)
    lsf.run("bstop", waits)
    suspended, held = jobs.until_state(job, JobState.SUSPENDED), jobs.status(waits)
    lsf.run("bresume", job)
    lsf.run("bresume", waits)

    assert (suspended.node, suspended.gpus_granted) == ("gpu1", ("0", "1", "2", "3"))
    assert held.state is JobState.PENDING
    assert held.waits
    assert held.waits.reason.startswith("held")
    jobs.until_runs(job)


def test_an_estimate_of_lsf_s_is_passed_on(jobs: Jobs, lsf: StandIn) -> None:
    """With its own words; where it gives none there is none, and none before a job is submitted."""
    jobs.until_runs(jobs.submit("holder", *HOLD, gpus=4))
    waits = jobs.submit("waits", *HOLD, gpus=1)

    lsf.misbehave(estimates={waits: "Jan 19 03:14:07 2038"})
    told = jobs.scheduler.explain(waits)

    assert told.estimated_start == datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)
    assert (told.reason, told.position) == ("what the job asks for is in use", 1)
    assert told.said == "Job's requirements for resource reservation not satisfied: 1 host"
    assert jobs.scheduler.estimate(jobs.spec("maybe", *HOLD)).reason == UNKNOWN_REASON


def test_a_first_node_makes_batch_work_yield(jobs: Jobs) -> None:
    """The batch job is put back and starts anew with its own command afterwards; its first end is none."""
    batch = jobs.submit("batch", "sh", "-c", "echo begin; exec sleep 600", gpus=4, requeueable=True)
    until(lambda: jobs.log.exists() and jobs.log.read_text() == "begin\n", "the batch job to have begun")

    node = jobs.submit("node", *HOLD, gpus=2, priority_class=PriorityClass.FIRST, wall_minutes=60)
    jobs.until_runs(node)
    back = jobs.until_state(batch, JobState.PENDING)
    preemptible = [(it.gpus_free, it.gpus_preemptible) for it in jobs.scheduler.capacity() if it.gpus]
    jobs.scheduler.cancel(node)
    jobs.until_runs(batch)
    until(lambda: jobs.log.read_text() == "begin\nbegin\n", "the batch job to have begun anew")

    assert back.ended is None
    assert preemptible == [(2, 0)]


def test_gpus_that_would_be_made_free_are_told(jobs: Jobs) -> None:
    """They count as taken, and as preemptible."""
    jobs.until_runs(jobs.submit("batch", *HOLD, gpus=3, requeueable=True))

    (node,) = (it for it in jobs.scheduler.capacity() if it.gpus)

    assert (node.gpus, node.gpus_free, node.gpus_preemptible) == (4, 1, 3)
    assert node.gpu_model == "NVIDIAA100_SXM4_40GB"


def test_an_array_runs_its_tasks(jobs: Jobs) -> None:
    """Each knows its number, no more than asked for run at once, one failure fails the whole."""
    job = jobs.submit(
        "search", "sh", "-c", 'echo "task $CCDS_ARRAY_INDEX"; test $CCDS_ARRAY_INDEX != 2', array=Array(3, 2)
    )

    known = jobs.until_ended(job)

    assert sorted(jobs.log.read_text().split("\n")[:-1]) == ["task 0", "task 1", "task 2"]
    assert (known.state, known.exit_code) == (JobState.FAILED, 1)


def test_a_large_training_has_all_its_hosts(tmp_path: Path) -> None:
    """The command runs on the first and is told all of them, as LSF tells it."""
    hosts = (Host("gpu1", gpus=2), Host("gpu2", gpus=2), Host("cpu1"))
    with running_lsf(tmp_path / "two", hosts, queues(hosts)) as lsf:
        jobs = Jobs(
            LsfScheduler(tmp_path / "ours", LsfSite(grace_s=0.3), DirectCommands(lsf.bin, env=ENVIRONMENT)), tmp_path
        )
        script = 'echo "$LSB_MCPU_HOSTS $CUDA_VISIBLE_DEVICES $CCDS_JOB_ID"'

        job = jobs.submit("training", "sh", "-c", script, hosts=2, gpus=2, cpus=2)
        known = jobs.until_ended(job)

        assert known.state is JobState.SUCCEEDED
        assert known.nodes == ("gpu1", "gpu2")
        assert jobs.log.read_text() == f"gpu1 2 gpu2 2 0,1 {job}\n"
        with pytest.raises(JobRefusedError, match="3 host"):
            jobs.submit("too-large", "true", hosts=3, gpus=1)


def test_the_hub_moves_and_extends_people_s_jobs_as_an_administrator(
    client: Client, lsf: StandIn, tmp_path: Path
) -> None:
    """By its own right in the queues; without it LSF's words are the refusal."""
    theirs = Jobs(client(user="ann"), tmp_path)
    job = theirs.submit("as-ann", *HOLD, owner="ann", priority_class=PriorityClass.SECOND, wall_minutes=60)
    before = theirs.until_runs(job).wall_ends

    client().set_priority(job, PriorityClass.FIRST)
    client().extend(job, 30)
    known = theirs.status(job)
    lsf.configure(administrators=[])

    assert before
    assert (known.priority_class, known.wall_ends) == (PriorityClass.FIRST, before + timedelta(minutes=30))
    with pytest.raises(JobRefusedError, match="permission denied"):
        client().extend(job, 30)


def test_a_second_first_node_waits_where_the_site_limits_them(tmp_path: Path) -> None:
    """JOBS=1 PER_USER in lsb.resources: the rule holds in LSF itself, and the reason is told."""
    with running_lsf(tmp_path / "limited", HOSTS, queues(jobs_per_user=1)) as lsf:
        jobs = Jobs(
            LsfScheduler(tmp_path / "ours", LsfSite(grace_s=0.3), DirectCommands(lsf.bin, env=ENVIRONMENT)), tmp_path
        )
        jobs.until_runs(jobs.submit("one", *HOLD, priority_class=PriorityClass.FIRST))

        two = jobs.submit("two", *HOLD, priority_class=PriorityClass.FIRST)
        moved = jobs.submit("three", *HOLD, priority_class=PriorityClass.SECOND)
        jobs.until_runs(moved)

        assert jobs.status(two).state is JobState.PENDING
        assert jobs.scheduler.explain(two).reason == "one more of the same person may not run now"


def test_a_place_is_told_where_fair_share_changes_nothing(client: Client, tmp_path: Path) -> None:
    """Several people in one queue have none, each for themselves; those who wait alone in theirs have one."""
    by_ann, by_bob = Jobs(client(user="ann"), tmp_path), Jobs(client(user="bob"), tmp_path)
    by_ann.until_runs(by_ann.submit("holder", *HOLD, gpus=4, priority_class=PriorityClass.FIRST))
    one = by_ann.submit("one", *HOLD, gpus=1, priority_class=PriorityClass.SECOND)
    two = by_ann.submit("two", *HOLD, gpus=1, priority_class=PriorityClass.BATCH)

    alone = [client().explain(job).position for job in (one, two)]
    other = by_bob.submit("other", *HOLD, gpus=1, priority_class=PriorityClass.BATCH)

    assert alone == [1, 2]
    assert [client().explain(job).position for job in (one, two, other)] == [1, None, None]


def test_a_move_by_hand_is_seen(jobs: Jobs, lsf: StandIn) -> None:
    """A bswitch by the owner changes the class that status tells."""
    job = jobs.submit("moved", *HOLD, priority_class=PriorityClass.SECOND)
    jobs.until_runs(job)

    lsf.run("bswitch", "interactive", job)

    assert jobs.status(job).priority_class is PriorityClass.FIRST


def test_a_running_job_is_moved(jobs: Jobs, lsf: StandIn) -> None:
    """LSF moves running jobs from queue to queue too."""
    job = jobs.submit("promoted", *HOLD, priority_class=PriorityClass.SECOND)
    jobs.until_runs(job)

    jobs.scheduler.set_priority(job, PriorityClass.FIRST)

    assert jobs.status(job).priority_class is PriorityClass.FIRST
    assert lsf.job(job)["queue"] == "interactive"
