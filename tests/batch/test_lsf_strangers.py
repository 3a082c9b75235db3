"""Words on LSF that somebody else chose, by the stand-in: records, marks and names that are odd or forged do no harm."""

import json
import os
from pathlib import Path

import pytest

from ccds_kernel.batch import JobId, JobState, SchedulerUnavailableError
from support.lsf.client import Client, client, connect, lsf, run_dirs
from support.lsf.stand_in import StandIn
from support.scheduler_contract import HOLD, Jobs
from support.waiting import until

__all__ = ["client", "connect", "lsf"]


def test_hostile_words_reach_the_command_only(jobs: Jobs, lsf: StandIn, tmp_path: Path) -> None:
    """A person's odd name, folder and variables are in no script, argument or list of LSF's."""
    odd = tmp_path / "it's $(touch owned) `id`"
    odd.mkdir()
    owner = '"; bkill 0 #\u00e9'

    job = jobs.submit(
        "odd",
        "sh",
        "-c",
        'printf %s "$PWD $X"',
        "$(id)",
        cwd=odd,
        log=odd / "log",
        owner=owner,
        env={"X": "a'b\"$(id)"},
    )
    known = jobs.until_ended(job)

    assert (odd / "log").read_text() == f"{odd} a'b\"$(id)"
    assert known.owner == owner
    script = (lsf.folder / "run" / f"{job}.script").read_text()
    assert not set("`$'") & set(script)
    assert "touch" not in json.dumps(lsf.job(job))


def test_tokens_are_the_owner_s_alone(jobs: Jobs, lsf: StandIn, tmp_path: Path) -> None:
    """They stand in a file of theirs, and not in what LSF has of the job or shows of its processes."""
    job = jobs.submit("secret", *HOLD, env={"TOKEN": "hush-hush"})
    jobs.until_runs(job)

    (run_dir,) = run_dirs(tmp_path)

    assert (run_dir / "run.json").stat().st_mode & 0o777 == 0o600
    assert run_dir.stat().st_mode & 0o777 == 0o700
    assert "hush" not in (lsf.folder / "run" / f"{job}.script").read_text()
    assert "hush" not in (lsf.folder / "state.json").read_text()
    shown = b"".join(
        (Path("/proc") / str(pid) / "cmdline").read_bytes() for pid in lsf.processes() if pid != os.getpid()
    )
    assert b"hush" not in shown
    assert lsf.job(job)["env"] == "none"


def test_jobs_of_others_are_left_alone(jobs: Jobs, lsf: StandIn, client: Client) -> None:
    """A job without our mark, one of another folder, one with a copied mark: none is ours, and none can be changed."""
    mine = jobs.submit("mine", *HOLD, cpus=1)
    mark = str(lsf.job(mine)["description"])
    script = '#!/bin/sh\n#BSUB -J "{}"\n#BSUB -Jd "{}"\n#BSUB -q batch\n#BSUB -n 1\nexec sleep 600\n'
    plain = lsf.run("bsub", stdin=script.format("plain", ""), user="eve").partition("<")[2].partition(">")[0]
    copied = lsf.run("bsub", stdin=script.format("mine", mark), user="eve").partition("<")[2].partition(">")[0]
    elsewhere = client(folder="theirs").submit(jobs.spec("theirs", *HOLD))

    listed = [status.id for status in jobs.scheduler.mine()]

    assert listed == [mine]
    for job in (plain, copied, elsewhere):
        assert jobs.status(JobId(job)).state is JobState.UNKNOWN
        with pytest.raises(Exception, match="the id of a job"):
            jobs.scheduler.cancel(JobId(job))


@pytest.mark.parametrize(
    ("odd", "position"),
    [
        ({"EXIT_CODE": "many"}, 2),  # it stands before all the same
        ({"EXIT_CODE": "many", "USER": "eve"}, None),  # fair share may see it otherwise
        ({"JOBID": "odd", "USER": "eve", "JOB_DESCRIPTION": ""}, None),
    ],
)
def test_a_stranger_s_odd_record_blinds_nobody(
    jobs: Jobs, lsf: StandIn, odd: dict[str, str], position: int | None
) -> None:
    """Our jobs are answered, listed and submitted; a place in line is told where it is sure."""
    runs = jobs.submit("runs", *HOLD, gpus=4)
    jobs.until_runs(runs)
    script = '#!/bin/sh\n#BSUB -J "odd"\n#BSUB -q batch\n#BSUB -n 4\n#BSUB -gpu "num=4/host"\nexec sleep 600\n'
    strange = lsf.run("bsub", stdin=script).partition("<")[2].partition(">")[0]
    lsf.misbehave(fields={strange: odd})

    waits = jobs.submit("waits", *HOLD, gpus=4)
    known = jobs.scheduler.status([runs, waits])
    explained = known[waits].waits

    assert known[runs].state is JobState.RUNNING
    assert known[waits].state is JobState.PENDING
    assert explained
    assert explained.position == position
    assert [status.id for status in jobs.scheduler.mine()] == [runs, waits]
    assert jobs.scheduler.capacity()


@pytest.mark.parametrize(
    "odd", [{"EXIT_CODE": "many"}, {"START_TIME": "Feb 31 10:00:00 2026"}, {"JOB_DESCRIPTION": None}]
)
def test_an_odd_record_of_ours_is_unknown_and_the_others_are_answered(
    jobs: Jobs, lsf: StandIn, client: Client, odd: dict[str, object]
) -> None:
    """It is alive: nothing is submitted in its place; it can be cancelled, and its end is known by its exit file."""
    job, other = jobs.submit("odd", *HOLD), jobs.submit("fine", *HOLD)
    jobs.until_runs(job)
    jobs.until_runs(other)
    fails = jobs.submit("fails", "sh", "-c", "exit 3")
    jobs.until_ended(fails)
    lsf.misbehave(fields=dict.fromkeys((job, fails), odd))

    known = client().status([job, other, fails])
    again = client().submit(jobs.spec("odd", *HOLD))
    listed = [status.id for status in client().mine()]
    with pytest.raises(SchedulerUnavailableError):
        client().extend(job, 30)
    client().cancel(job)
    lsf.misbehave()

    assert (known[job].state, known[job].name, known[job].owner) == (JobState.UNKNOWN, "odd", "ann")
    assert "can't be read" in (known[job].reason or "")
    assert known[other].state is JobState.RUNNING
    assert (known[fails].state, known[fails].exit_code) == (JobState.FAILED, 3)
    assert again == job
    assert listed == [job, other]
    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_record_of_ours_without_a_number_is_no_answer(jobs: Jobs, lsf: StandIn) -> None:
    """A list would be too short, and a name be submitted twice."""
    job = jobs.submit("odd", *HOLD)
    lsf.misbehave(fields={job: {"JOBID": "odd"}})

    with pytest.raises(SchedulerUnavailableError):
        jobs.scheduler.mine()
    with pytest.raises(SchedulerUnavailableError):
        jobs.submit("odd", *HOLD)
    assert jobs.status(job).state is JobState.UNKNOWN


def test_a_person_s_own_jobs_are_found_by_who_submitted_them(client: Client, tmp_path: Path) -> None:
    """As with the root helper: the Unix user in LSF is the person, the folder ours."""
    jobs = Jobs(client(user="ann"), tmp_path)

    job = jobs.submit("as-ann", *HOLD, owner="ann")
    known = jobs.until_runs(job)

    assert (known.user, known.owner) == ("ann", "ann")
    assert [status.id for status in client().mine()] == [job]


@pytest.mark.parametrize("name", ["eves", "victim"])
def test_a_job_with_the_mark_of_another_s_is_not_that_job(
    client: Client, lsf: StandIn, tmp_path: Path, name: str
) -> None:
    """Everybody may write a mark that they read on a job of theirs, with their own name: the other's job stays as it is."""
    jobs = Jobs(client(user="ccds"), tmp_path)
    full = jobs.submit("full", *HOLD, cpus=4)
    job = jobs.submit("victim", *HOLD)
    mark = str(lsf.job(job)["description"]).replace(":ann", ":eve")
    script = f'#!/bin/sh\n#BSUB -J {name}\n#BSUB -Jd "{mark}"\n#BSUB -q app\ntrue\n'
    forged = JobId(lsf.run("bsub", stdin=script, user="eve").partition("<")[2].partition(">")[0])

    until(lambda: lsf.job(forged)["stat"] in {"DONE", "EXIT"}, "eve's job to end")

    assert [status.id for status in jobs.scheduler.mine()] == [full, job]
    assert jobs.status(forged).state is JobState.UNKNOWN
    assert jobs.status(job).state is JobState.PENDING
    assert (tmp_path / "ours" / "ids" / job / "run.json").exists()


def test_a_living_job_with_another_s_mark_is_not_taken_for_theirs(client: Client, lsf: StandIn, tmp_path: Path) -> None:
    """Nor is it taken up under the other's name once theirs has ended."""
    jobs = Jobs(client(user="ccds"), tmp_path)
    ended = jobs.submit("victim", "true")
    jobs.until_ended(ended)
    mark = str(lsf.job(ended)["description"]).replace(":ann", ":eve")
    script = f'#!/bin/sh\n#BSUB -J victim\n#BSUB -Jd "{mark}"\n#BSUB -q app\nsleep 600\n'
    forged = JobId(lsf.run("bsub", stdin=script, user="eve").partition("<")[2].partition(">")[0])

    assert jobs.submit("victim", "true") not in {ended, forged}
    assert jobs.status(forged).state is JobState.UNKNOWN
