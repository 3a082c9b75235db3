"""How the local scheduler ends a job: with its wall time, after a grace, with all that it started."""

from collections.abc import Callable
from pathlib import Path

from ccds_kernel.batch import JobState
from ccds_kernel.batch.local import LocalScheduler
from support.scheduler_contract import HOLD, Jobs
from support.waiting import until


def test_a_job_ends_with_its_wall_time(jobs: Jobs) -> None:
    """It is FAILED and says why."""
    job = jobs.submit("long", *HOLD, wall_minutes=0.005)

    status = jobs.until_ended(job)

    assert (status.state, status.reason) == (JobState.FAILED, "its wall time is over")


def test_a_job_that_ignores_term_is_killed_after_the_grace(jobs: Jobs) -> None:
    """TERM, a grace of 1 s, KILL."""
    job = jobs.submit("stubborn", "sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command to be up")

    jobs.scheduler.cancel(job)
    status = jobs.until_ended(job)

    assert (status.state, status.exit_code) == (JobState.CANCELLED, -9)


def test_nothing_that_a_job_started_outlives_it(jobs: Jobs, remaining: Callable[[], list[str]]) -> None:
    """Also what made itself a session of its own is ended with the command."""
    job = jobs.submit("forks", "sh", "-c", "setsid sleep 500 & setsid sleep 501 & echo $!; exit 0")

    status = jobs.until_ended(job)

    assert status.state is JobState.SUCCEEDED
    assert [line for line in remaining() if "sleep" in line] == []


def test_without_a_grace_what_ignores_term_is_killed_too(
    jobs: Jobs, folder: Path, remaining: Callable[[], list[str]]
) -> None:
    """A site that gives no grace gets the same ends: what a command leaves behind doesn't keep the job alive."""
    LocalScheduler(folder, grace_s=0)
    left = "trap '' TERM; touch left; while :; do sleep 0.05; done"
    job = jobs.submit("forks", "sh", "-c", f'sh -c "{left}" & while [ ! -e left ]; do sleep 0.02; done')

    status = jobs.until_ended(job)

    assert status.state is JobState.SUCCEEDED
    assert [line for line in remaining() if "touch left" in line] == []


def test_a_cancelled_session_takes_its_sessions_along(jobs: Jobs, remaining: Callable[[], list[str]]) -> None:
    """As a notebook server's kernels, which are sessions of their own, even when it has no time to end them."""
    job = jobs.submit("server", "sh", "-c", "setsid sleep 502 & echo up; wait")
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command to be up")

    jobs.scheduler.cancel(job)
    jobs.until_ended(job)

    assert [line for line in remaining() if "sleep 502" in line] == []
