"""Records in Slurm's one answer that can't be read: a stranger's does no harm, one of ours is unknown for itself alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.batch import JobId, JobRefusedError, JobSpec, JobState, PriorityClass, SchedulerUnavailableError
from support.scheduler_contract import Jobs
from support.slurm_told import Told, connect, slurm

__all__ = ["connect", "slurm"]

FIRST, SECOND = PriorityClass.FIRST, PriorityClass.SECOND
STRANGE = {"job_id": 900, "job_state": "PENDING", "user_name": "eve", "partition": "interactive", "priority": 9}


def spec(jobs: Jobs, name: str, kind: PriorityClass = FIRST) -> JobSpec:
    """A node's job."""
    return jobs.spec(name, "true", priority_class=kind)


@pytest.mark.parametrize(
    ("odd", "position"),
    [
        ({"exit_code": "many"}, 2),
        ({"end_time": 10**18}, 2),
        ({"priority": "high"}, None),
        ({"job_id": None}, None),
        ({"job_id": None, "job_state": "RUNNING"}, 1),
        ({"comment": ["odd"], "job_state": "RUNNING"}, 1),
        ({"job_state": "RUNNING", "gres_detail": ["gpu:1(IDX:0)"], "partition": "batch"}, 1),
    ],
)
def test_a_stranger_s_odd_record_blinds_nobody(
    slurm: Told, jobs: Jobs, odd: dict[str, Any], position: int | None
) -> None:
    """Our jobs are answered, listed and submitted; a place in line is told where it is sure."""
    runs, waits = (jobs.scheduler.submit(spec(jobs, name)) for name in ("runs", "waits"))
    slurm.records[waits]["job_state"] = "PENDING"
    slurm.records["strange"] = STRANGE | odd

    known = jobs.scheduler.status([runs, waits])
    explained = known[waits].waits

    assert (known[runs].state, known[waits].state) == (JobState.RUNNING, JobState.PENDING)
    assert explained
    assert explained.position == position
    assert [status.id for status in jobs.scheduler.mine()] == [runs, waits]
    assert jobs.scheduler.submit(spec(jobs, "runs")) == runs
    assert jobs.scheduler.capacity() == []


@pytest.mark.parametrize(
    "odd", [{"exit_code": "many"}, {"comment": 5}, {"name": 5}, {"user_name": 5}, {"restart_cnt": "x"}]
)
def test_an_odd_record_of_ours_is_unknown_and_the_others_are_answered(
    slurm: Told, jobs: Jobs, odd: dict[str, Any]
) -> None:
    """It is alive whatever its state is called: nothing is submitted in its place, it can be cancelled, and isn't moved."""
    job, other = (jobs.scheduler.submit(spec(jobs, name)) for name in ("odd", "fine"))
    slurm.records[job] |= {"job_state": "COMPLETED"} | odd

    known = jobs.scheduler.status([job, other])
    with pytest.raises(SchedulerUnavailableError):
        jobs.scheduler.set_priority(job, SECOND)
    jobs.scheduler.cancel(job)

    assert (known[job].state, known[job].name, known[job].owner) == (JobState.UNKNOWN, "odd", "ann")
    assert (known[job].priority_class, known[other].state) == (None, JobState.RUNNING)
    assert "can't be read" in (known[job].reason or "")
    assert [status.id for status in jobs.scheduler.mine()] == [job, other]
    assert jobs.scheduler.submit(spec(jobs, "odd")) == job
    assert slurm.asked.count(("scancel", job)) == 1


@pytest.mark.parametrize(("stopped", "state"), [(False, JobState.FAILED), (True, JobState.UNKNOWN)])
def test_what_ended_by_itself_has_ended_though_its_record_is_odd(
    slurm: Told, jobs: Jobs, tmp_path: Path, stopped: bool, state: JobState
) -> None:
    """What was told to end may be about to begin anew."""
    job = jobs.scheduler.submit(spec(jobs, "odd"))
    attempt = tmp_path / "ours" / "ids" / job / "0"
    attempt.mkdir()
    (attempt / "exit.json").write_text(json.dumps({"code": 3, "reason": None, "stopped": stopped, "ended": 1.0}))
    slurm.records[job] |= {"restart_cnt": "x"}

    assert jobs.status(job).state is state


@pytest.mark.parametrize("odd", [{"job_id": None}, {"array_job_id": "x"}])
def test_a_record_of_ours_without_a_number_is_no_answer(slurm: Told, jobs: Jobs, odd: dict[str, Any]) -> None:
    """A list would be too short, and a name be submitted twice."""
    job = jobs.scheduler.submit(spec(jobs, "odd"))
    slurm.records[job] |= odd

    with pytest.raises(SchedulerUnavailableError):
        jobs.scheduler.mine()
    with pytest.raises(SchedulerUnavailableError):
        jobs.scheduler.submit(spec(jobs, "odd"))
    assert jobs.status(job).state is JobState.UNKNOWN


@pytest.mark.parametrize(("state", "kind"), [("RUNNING", None), ("PENDING", SECOND)])
def test_a_job_whose_mark_somebody_wrote_over_is_not_moved_and_that_is_told(
    slurm: Told, jobs: Jobs, state: str, kind: PriorityClass | None
) -> None:
    """It is ours by its folder. Which class a running one has stood in the mark alone; a waiting one's is its partition."""
    job = jobs.scheduler.submit(spec(jobs, "session", SECOND))
    slurm.records[job] |= {"comment": "mine", "job_state": state}

    known = jobs.status(job)
    with pytest.raises(JobRefusedError, match="comment"):
        jobs.scheduler.set_priority(job, FIRST)

    assert (known.state, known.priority_class) == (JobState[state], kind)
    assert not [argv for argv in slurm.asked if argv[0] == "scontrol"]
    assert JobId(job) in jobs.scheduler.status([job])


@pytest.mark.parametrize("name", ["eves", "victim"])
@pytest.mark.parametrize("state", ["RUNNING", "CANCELLED"])
def test_a_job_with_the_mark_of_another_s_is_not_that_job(
    slurm: Told, jobs: Jobs, tmp_path: Path, name: str, state: str
) -> None:
    """Everybody may write a mark that they read on a job of theirs, with their own name: the other's job stays as it is."""
    job = jobs.scheduler.submit(spec(jobs, "victim"))
    mark = slurm.records[job]["comment"]
    forged = slurm.records[job] | {"job_id": 900, "user_name": "eve", "name": name, "job_state": state}
    slurm.records["900"] = forged | {"comment": mark.replace(":ann", ":eve")}

    assert [(status.id, status.owner) for status in jobs.scheduler.mine() if status.owner == "ann"] == [(job, "ann")]
    assert jobs.scheduler.submit(spec(jobs, "victim")) == job
    assert jobs.scheduler.status(["900"])["900"].owner != "ann"
    del slurm.records[job]
    assert (tmp_path / "ours" / "ids" / job / "run.json").exists()
    assert jobs.status(job).state is JobState.UNKNOWN
    assert jobs.scheduler.submit(spec(jobs, "victim")) not in {job, "900"}


def test_a_second_job_with_the_same_mark_is_not_the_run_s(slurm: Told, jobs: Jobs, tmp_path: Path) -> None:
    """Of one person's jobs with one mark the first is the run's: the end of another takes nothing from it."""
    job = jobs.scheduler.submit(spec(jobs, "session"))
    slurm.records["900"] = slurm.records[job] | {"job_id": 900, "job_state": "CANCELLED"}

    assert [status.id for status in jobs.scheduler.mine()] == [job]
    assert jobs.status(JobId("900")).state is JobState.UNKNOWN
    assert (tmp_path / "ours" / "ids" / job / "run.json").exists()


def test_a_job_on_which_its_owner_wrote_another_s_mark_is_still_the_one_it_was(slurm: Told, jobs: Jobs) -> None:
    """Its folder knows it; its class isn't known any more."""
    victim = jobs.scheduler.submit(spec(jobs, "victim"))
    job = jobs.scheduler.submit(jobs.spec("eves", "true", owner="eve", priority_class=FIRST))
    slurm.records[job]["comment"] = slurm.records[victim]["comment"].replace(":ann", ":eve")

    known = jobs.status(job)

    assert (known.name, known.owner, known.state, known.priority_class) == ("eves", "eve", JobState.RUNNING, None)
    assert jobs.status(victim).name == "victim"
