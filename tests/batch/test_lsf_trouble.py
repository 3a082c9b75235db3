"""LSF that misbehaves, on the stand-in: nothing is lost, doubled or taken for an end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import JobId, JobRefusedError, JobState, PriorityClass, SchedulerUnavailableError
from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf import ENVIRONMENT, LsfScheduler, LsfSite
from support.lsf.client import Client, client, connect, lsf, run_dirs
from support.lsf.stand_in import StandIn
from support.scheduler_contract import HOLD, Jobs

__all__ = ["client", "connect", "lsf"]


def test_what_an_esub_prints_is_no_answer(jobs: Jobs, lsf: StandIn) -> None:
    """The job's id is found among lines of the site's, and bjobs behind attempts to connect."""
    lsf.misbehave(noise={"bsub": ["Job <7> is submitted to the committee", "{", "welcome"]}, connecting=3)

    job = jobs.submit("noisy", "sh", "-c", "echo done")

    assert jobs.until_ended(job).state is JobState.SUCCEEDED
    assert job == "101"


@pytest.mark.parametrize(
    "trouble",
    [
        {"down": True},
        {"hangs": "all"},
        {"truncates": 300},
        {"refuses_all": "Failed in an LSF library call: Communication time out"},
        {"noise": {"bjobs": ['{"COMMAND":"bjobs",']}, "truncates": 1},
    ],
)
def test_no_answer_means_that_nothing_is_known(
    jobs: Jobs, lsf: StandIn, client: Client, trouble: dict[str, object]
) -> None:
    """A job stays alive as UNKNOWN with a reason, lists and changes fail, and all is as before when LSF is back."""
    job = jobs.submit("kept", *HOLD)
    jobs.until_runs(job)
    impatient = client(timeout_s=0.7)
    lsf.misbehave(**trouble)

    known = impatient.status([job])[job]
    with pytest.raises(SchedulerUnavailableError):
        impatient.mine()
    with pytest.raises(SchedulerUnavailableError):
        impatient.submit(jobs.spec("another", *HOLD))
    lsf.misbehave()

    assert (known.state, bool(known.reason)) == (JobState.UNKNOWN, True)
    assert [status.id for status in jobs.scheduler.mine()] == [job]
    assert jobs.status(job).state is JobState.RUNNING


@pytest.mark.parametrize("stat", ["UNKWN", "ZOMBI", "SSUSP", "USUSP", "PSUSP", "WAIT", "SOMETHING"])
def test_no_state_of_lsf_s_ends_a_live_job(jobs: Jobs, lsf: StandIn, stat: str) -> None:
    """It is listed as alive whatever LSF calls it."""
    job = jobs.submit("alive", *HOLD)
    jobs.until_runs(job)

    lsf.misbehave(stat={job: stat})

    assert not jobs.status(job).state.ended
    assert [status.id for status in jobs.scheduler.mine()] == [job]


def test_an_answer_that_was_lost_is_no_lost_job(jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path) -> None:
    """LSF took the job and never said so: submitting its name again finds it."""
    lsf.misbehave(loses_answer=True)
    with pytest.raises(SchedulerUnavailableError):
        client(timeout_s=1.0).submit(jobs.spec("lost", *HOLD))
    lsf.misbehave()

    job = jobs.submit("lost", *HOLD)

    assert job == "101"
    assert len(run_dirs(tmp_path)) == 1
    assert [status.id for status in client().mine()] == [job]


def test_what_may_still_show_up_is_not_submitted_twice(
    jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path
) -> None:
    """The answer was lost and LSF doesn't list the job yet: the name waits; a job that was acknowledged is known at once."""
    acknowledged = jobs.submit("acknowledged", *HOLD)
    lsf.misbehave(loses_answer=True, hides=[acknowledged])
    with pytest.raises(SchedulerUnavailableError):
        client(timeout_s=1.0).submit(jobs.spec("lost", *HOLD))
    lsf.misbehave(hides=[acknowledged, "102"])

    with pytest.raises(SchedulerUnavailableError, match="no word yet"):
        jobs.submit("lost", *HOLD)
    again = client().submit(jobs.spec("acknowledged", *HOLD))
    listed = [(status.id, status.state) for status in client().mine()]
    lsf.misbehave()

    assert again == acknowledged
    assert listed == [(acknowledged, JobState.PENDING)]
    assert jobs.submit("lost", *HOLD) == "102"
    assert len(run_dirs(tmp_path)) == 2


def test_a_refusal_has_lsf_s_own_words(jobs: Jobs, lsf: StandIn, tmp_path: Path) -> None:
    """In one line, without our paths; nothing of the job is left, tokens included."""
    lsf.misbehave(rejects=f"You have spent your {tmp_path / 'ours'} hours\nSee the site's rules")

    with pytest.raises(JobRefusedError) as caught:
        jobs.submit("greedy", *HOLD, env={"TOKEN": "secret"})

    assert caught.value.found == (
        "You have spent your … hours; See the site's rules; Request aborted by esub. Job not submitted."
    )
    assert run_dirs(tmp_path) == []


def test_a_queue_that_is_not_there_is_a_refusal(lsf: StandIn, tmp_path: Path, jobs: Jobs) -> None:
    """As LSF says it."""
    kinds = LsfSite().queues | {PriorityClass.BATCH: "night"}
    elsewhere = LsfScheduler(tmp_path / "ours", LsfSite(queues=kinds), DirectCommands(lsf.bin, env=ENVIRONMENT))

    with pytest.raises(JobRefusedError, match="night: No such queue"):
        elsewhere.submit(jobs.spec("nowhere", *HOLD))


def test_no_programs_is_no_answer(tmp_path: Path, jobs: Jobs) -> None:
    """And says where to look."""
    nowhere = LsfScheduler(tmp_path / "ours", LsfSite(), DirectCommands(tmp_path / "nothing"))

    with pytest.raises(SchedulerUnavailableError, match="bjobs"):
        nowhere.submit(jobs.spec("nowhere", *HOLD))


def test_short_lists_of_hosts_and_no_years(jobs: Jobs, lsf: StandIn) -> None:
    """LSB_SHORT_HOSTLIST and an older bjobs say the same."""
    job = jobs.submit("plain", *HOLD, cpus=3, wall_minutes=60)
    jobs.until_runs(job)

    lsf.misbehave(short_hosts=True, no_year=True)
    known = jobs.status(job)

    assert (known.node, known.nodes) == ("gpu1", ("gpu1",))
    assert known.started
    assert known.wall_ends
    assert timedelta(minutes=59) <= known.wall_ends - known.started <= timedelta(minutes=61)
    assert abs(datetime.now(UTC) - known.started) < timedelta(minutes=5)


def test_records_of_jobs_that_are_not_known_do_no_harm(jobs: Jobs, lsf: StandIn) -> None:
    """LSF lists them with an error, and its program fails: the others are answered."""
    job = jobs.submit("there", *HOLD)

    lsf.misbehave(error_records=["999"])

    assert jobs.until_runs(job).node == "gpu1"
    assert jobs.status(JobId("999")).state is JobState.UNKNOWN


def test_time_that_lsf_does_not_give_is_refused(jobs: Jobs, lsf: StandIn) -> None:
    """Its own words: a running job's limit is fixed without LSB_MOD_ALL_JOBS."""
    job = jobs.submit("fixed", *HOLD, wall_minutes=60)
    jobs.until_runs(job)
    lsf.misbehave(keeps_running_jobs=True)

    with pytest.raises(JobRefusedError, match="Job not modified"):
        jobs.scheduler.extend(job, 30)


def test_a_job_without_a_limit_that_is_told_is_not_made_shorter(jobs: Jobs, lsf: StandIn) -> None:
    """More time on top of nobody knows what is refused."""
    job = jobs.submit("untold", *HOLD, wall_minutes=480)
    jobs.until_runs(job)
    lsf.misbehave(fields={job: {"RUNTIMELIMIT": ""}})

    with pytest.raises(JobRefusedError, match="run limit"):
        jobs.scheduler.extend(job, 60)

    assert lsf.job(job)["run_limit"] == 480
