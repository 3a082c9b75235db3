"""What Slurm has forgotten, what it may yet requeue, and whom the hub makes a first node: by what it answers to `squeue`."""

import json
import os
import pwd
from collections.abc import Sequence
from pathlib import Path

import pytest

from ccds_kernel.batch import JobId, JobRefusedError, JobState, PriorityClass, UnknownJobError
from ccds_kernel.batch.commands import Answer
from ccds_kernel.batch.slurm import SlurmScheduler, SlurmSite
from support.scheduler_contract import Jobs
from support.slurm_told import Told, connect, slurm

__all__ = ["connect", "slurm"]

FIRST, SECOND = PriorityClass.FIRST, PriorityClass.SECOND


class Refusing(Told):
    """They end no job."""

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:
        """See `Commands.run`."""
        if argv[0] == "scancel":
            return Answer(1, "", "scancel: error: Kill job error on job id 101: Access/permission denied\n")
        return super().run(argv, stdin=stdin, owner=owner)


def leave_exit(tmp_path: Path, job: JobId) -> None:
    """Lets the job's command have ended by itself, well."""
    attempt = tmp_path / "ours" / "ids" / job / "0"
    attempt.mkdir()
    (attempt / "exit.json").write_text(json.dumps({"code": 0, "reason": None, "stopped": False, "ended": 1.0}))


def test_a_job_that_slurm_has_forgotten_without_an_end_is_no_job(slurm: Told, jobs: Jobs) -> None:
    """`scancel` would exit with 0 and nobody would ever learn of an end; its state stays unknown."""
    job = jobs.submit("lost", "true", priority_class=FIRST)
    slurm.records.clear()

    with pytest.raises(UnknownJobError):
        jobs.scheduler.cancel(job)

    assert jobs.status(job).state is JobState.UNKNOWN
    assert not [argv for argv in slurm.asked if argv[0] == "scancel"]


def test_one_whose_end_is_known_stays_as_it_is(slurm: Told, jobs: Jobs) -> None:
    """Its end was seen before Slurm forgot it."""
    job = jobs.submit("over", "true", priority_class=FIRST)
    slurm.records[job]["job_state"] = "NODE_FAIL"
    before = jobs.status(job).state
    slurm.records.clear()

    jobs.scheduler.cancel(job)

    assert (before, jobs.status(job).state) == (JobState.FAILED, JobState.FAILED)


def test_a_refused_cancel_is_not_noted(tmp_path: Path) -> None:
    """What ends later didn't end by us."""
    slurm = Refusing()
    jobs = Jobs(SlurmScheduler(tmp_path / "ours", SlurmSite(), slurm), tmp_path)
    job = jobs.submit("kept", "true", priority_class=FIRST)

    with pytest.raises(JobRefusedError):
        jobs.scheduler.cancel(job)

    assert not (tmp_path / "ours" / "ids" / job / "cancelled").exists()


@pytest.mark.parametrize(("state", "kept"), [("RUNNING", True), ("COMPLETING", True), ("COMPLETED", False)])
def test_what_a_run_needs_stays_until_slurm_too_says_that_it_is_over(
    slurm: Told, jobs: Jobs, tmp_path: Path, state: str, kept: bool
) -> None:
    """Its command has ended, which is told; as long as Slurm completes it, it may yet put it back into the queue."""
    job = jobs.submit("work", "true", priority_class=FIRST)
    leave_exit(tmp_path, job)
    slurm.records[job]["job_state"] = state

    assert jobs.status(job).state is JobState.SUCCEEDED
    run = tmp_path / "ours" / "ids" / job
    assert ((run / "run.json").exists(), (run / "end.json").exists()) == (kept, not kept)


@pytest.mark.parametrize(
    ("other", "is_first"),
    [
        ({"partition": "interactive", "job_state": "RUNNING"}, False),
        ({"partition": "interactive", "job_state": "PENDING"}, False),
        ({"partition": "interactive", "job_state": "SUSPENDED"}, False),
        ({"partition": "second", "job_state": "RUNNING"}, False),
        ({"partition": "second", "job_state": "PENDING"}, True),
        ({"partition": "batch", "job_state": "RUNNING"}, True),
        ({"partition": "interactive", "job_state": "RUNNING", "user_name": "bob"}, True),
        ({"partition": "interactive", "job_state": ["CANCELLED", "COMPLETING"]}, True),
        ({"partition": "interactive", "job_state": "CANCELLED"}, True),
    ],
)
def test_who_has_a_node_by_hand_gets_no_session_made_the_first(
    slurm: Told, jobs: Jobs, other: dict[str, str], is_first: bool
) -> None:
    """As Slurm's plugin has it, which lets pass what the hub does."""
    job = jobs.submit("session", "true", priority_class=SECOND)
    slurm.records[job]["job_state"] = "PENDING"
    slurm.records["900"] = {"job_id": 900, "user_name": "ann", "priority": 1, **other}

    if is_first:
        jobs.scheduler.set_priority(job, FIRST)
    else:
        with pytest.raises(JobRefusedError, match="another one in Slurm"):
            jobs.scheduler.set_priority(job, FIRST)

    assert [argv[3] for argv in slurm.asked if argv[0] == "scontrol"] == ["Partition=interactive"] * is_first


def test_a_session_that_has_ended_keeps_nobody_s_first_node(slurm: Told, jobs: Jobs, tmp_path: Path) -> None:
    """Its exit file says so before Slurm has heard."""
    old = jobs.submit("old", "true", priority_class=FIRST)
    leave_exit(tmp_path, old)
    job = jobs.submit("session", "true", priority_class=SECOND)
    slurm.records[job]["job_state"] = "PENDING"

    jobs.scheduler.set_priority(job, FIRST)

    assert ("scontrol", "update", f"JobId={job}", "Partition=interactive") in [argv[:4] for argv in slurm.asked]


def test_where_all_jobs_are_one_user_s_people_are_told_apart(slurm: Told, tmp_path: Path) -> None:
    """Without the root helper: by the marks."""
    jobs = Jobs(SlurmScheduler(tmp_path / "ours", SlurmSite(), slurm), tmp_path)
    people = ("ann", "bob", "ann")
    ids = [
        jobs.submit(f"of-{who}-{number}", "true", priority_class=SECOND, owner=who) for number, who in enumerate(people)
    ]
    for job in ids:
        slurm.records[job] |= {"user_name": pwd.getpwuid(os.geteuid()).pw_name, "job_state": "PENDING"}
    slurm.records[ids[1]] |= {"job_state": "RUNNING"}

    jobs.scheduler.set_priority(ids[0], FIRST)
    slurm.records[ids[2]] |= {"job_state": "RUNNING"}
    with pytest.raises(JobRefusedError):
        jobs.scheduler.set_priority(ids[0], FIRST)
