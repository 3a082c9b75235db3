"""How a job on LSF ends, by the stand-in: by its time, by hand, by the hub or unseen; and what is left of it."""

import json
import os
from pathlib import Path

import pytest

from ccds_kernel.batch import JobRefusedError, JobState, SchedulerUnavailableError, UnknownJobError
from support.lsf.client import Client, client, connect, lsf, run_dirs
from support.lsf.stand_in import StandIn
from support.scheduler_contract import HOLD, Jobs
from support.waiting import until

__all__ = ["client", "connect", "lsf"]


def test_an_end_is_known_after_lsf_forgot_it(jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path) -> None:
    """By its exit file, from another client too; what it was started with is gone from the disk."""
    failed = jobs.submit("failed", "sh", "-c", "exit 7", env={"TOKEN": "secret"})
    cancelled = jobs.submit("cancelled", *HOLD)
    jobs.until_runs(cancelled)
    jobs.scheduler.cancel(cancelled)
    for job in (failed, cancelled):
        jobs.until_ended(job)

    lsf.misbehave(forgets=True)
    known = client().status([failed, cancelled])

    assert (known[failed].state, known[failed].exit_code, known[failed].name) == (JobState.FAILED, 7, "failed")
    assert known[cancelled].state is JobState.CANCELLED
    assert not list(tmp_path.glob("ours/jobs/*/run.json"))
    client().cancel(failed)


def test_a_job_that_may_not_run_twice_does_not(jobs: Jobs, lsf: StandIn) -> None:
    """A requeue by hand starts its command no second time."""
    job = jobs.submit("once", "sh", "-c", "echo begin; exec sleep 600")
    until(lambda: jobs.log.exists() and jobs.log.read_text() == "begin\n", "the job to have begun")

    lsf.run("brequeue", job)
    known = jobs.until_ended(job)

    assert known.state is JobState.FAILED
    assert jobs.log.read_text() == "begin\n"


def test_a_job_beyond_its_run_limit_ends(jobs: Jobs, lsf: StandIn) -> None:
    """LSF tells it by USR2; it is over for want of time, and its children with it."""
    job = jobs.submit("late", "sh", "-c", "trap '' INT USR2; sleep 600 & wait", wall_minutes=1)
    jobs.until_runs(job)

    (lsf.folder / "run" / f"{job}.limit").write_text("0.01")  # the stand-in's minute is shorter
    known = jobs.until_ended(job)

    assert (known.state, known.reason) == (JobState.FAILED, "its wall time is over")


def test_a_parallel_job_that_lsf_just_kills_is_cancelled(jobs: Jobs, lsf: StandIn) -> None:
    """Without LSB_USE_SEQUENTIAL_SIGNAL it gets KILL and leaves no exit file: LSF's word is enough."""
    lsf.configure(sequential_signal=False)
    job = jobs.submit("parallel", *HOLD, cpus=2)
    jobs.until_runs(job)

    jobs.scheduler.cancel(job)

    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_job_killed_by_its_owner_s_hand_is_cancelled(jobs: Jobs, lsf: StandIn) -> None:
    """A bkill from a shell is the same to us."""
    job = jobs.submit("by-hand", *HOLD)
    jobs.until_runs(job)

    lsf.run("bkill", job)

    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_job_whose_person_has_left_is_ended(client: Client, tmp_path: Path) -> None:
    """By the hub itself, as an administrator of the queues: nothing is asked in that person's name."""
    theirs = Jobs(client(user="ann"), tmp_path)
    job = theirs.submit("as-ann", *HOLD, owner="ann")
    theirs.until_runs(job)

    client().cancel(job)

    assert theirs.until_ended(job).state is JobState.CANCELLED


def test_an_end_that_lsf_refuses_is_a_refusal(client: Client, lsf: StandIn, tmp_path: Path) -> None:
    """In its own words, and not noted: what ends by itself afterwards wasn't cancelled."""
    theirs = Jobs(client(user="ann"), tmp_path)
    job = theirs.submit("as-ann", *HOLD, owner="ann")
    theirs.until_runs(job)
    lsf.configure(administrators=[])

    with pytest.raises(JobRefusedError, match="User permission denied"):
        client().cancel(job)

    (run_dir,) = run_dirs(tmp_path)
    assert theirs.status(job).state is JobState.RUNNING
    assert not (run_dir / "cancelled").exists()


def test_a_job_that_lsf_forgot_without_a_trace_is_none(
    jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path
) -> None:
    """Its host died and left no exit file: it can't be ended. What was taken a moment ago is asked for again."""
    job = jobs.submit("ghost", *HOLD)
    jobs.until_runs(job)
    state = json.loads((lsf.folder / "state.json").read_text())
    (lsf.folder / "state.json").write_text(json.dumps({**state, "jobs": []}))

    with pytest.raises(SchedulerUnavailableError):
        client().cancel(job)
    (run_dir,) = run_dirs(tmp_path)
    note = json.loads((run_dir / "note.json").read_text())
    (run_dir / "note.json").write_text(json.dumps({**note, "submitted": note["submitted"] - 120}))
    with pytest.raises(UnknownJobError):
        client().cancel(job)

    assert client().status([job])[job].state is JobState.UNKNOWN


def test_old_runs_are_removed_and_none_that_lsf_lists(jobs: Jobs, tmp_path: Path) -> None:
    """Whoever submits next finds their folders a month old."""
    over = jobs.submit("over", "true")
    jobs.until_ended(over)
    alive = jobs.submit("alive", *HOLD)
    for run_dir in run_dirs(tmp_path):
        note = json.loads((run_dir / "note.json").read_text())
        (run_dir / "note.json").write_text(json.dumps({**note, "submitted": 1.0}))
    gone = tmp_path / "ours" / "jobs" / "gone-0123456789abcdef"
    gone.mkdir()
    os.utime(gone, (1, 1))
    (tmp_path / "ours" / "tidied").unlink()

    jobs.submit("next", *HOLD)

    assert {path.name.partition("-")[0] for path in run_dirs(tmp_path)} == {"over", "alive", "next"}
    assert jobs.status(alive).name == "alive"
