"""What has become of a run, from every answer of the scheduler and every word of the training."""

import pytest

from ccds_kernel.batch import JobId, JobState, JobStatus
from ccds_kernel.training.record import Exit, Outcome
from ccds_kernel.training.state import Judgement, RunState, judge

FINISHED = Exit(outcome=Outcome.FINISHED)
STOPPED = Exit(outcome=Outcome.STOPPED, reason="nan")
FAILED = Exit(outcome=Outcome.FAILED, reason="no torch")


def job(state: JobState, exit_code: int | None = None, reason: str | None = None) -> JobStatus:
    """A job's status."""
    return JobStatus(id=JobId("1"), state=state, exit_code=exit_code, reason=reason)


@pytest.mark.parametrize(
    ("status", "left", "state", "reason"),
    [
        (job(JobState.PENDING), None, RunState.PENDING, ""),
        (job(JobState.RUNNING), None, RunState.RUNNING, ""),
        (job(JobState.SUSPENDED, reason="by its owner"), None, RunState.SUSPENDED, "by its owner"),
        (job(JobState.UNKNOWN, reason="no answer"), None, RunState.UNKNOWN, "no answer"),
        (job(JobState.SUCCEEDED, 0), FINISHED, RunState.FINISHED, ""),
        (job(JobState.FAILED, 1, "exit code 1"), STOPPED, RunState.STOPPED, "nan"),
        (job(JobState.FAILED, 1, "exit code 1"), FAILED, RunState.FAILED, "no torch"),
        (job(JobState.FAILED, -9, "killed by signal 9"), None, RunState.KILLED, "killed by signal 9"),
        (job(JobState.FAILED, 137, "exit code 137"), None, RunState.KILLED, "exit code 137"),
        (job(JobState.FAILED, None, "its wall time is over"), None, RunState.KILLED, "its wall time is over"),
        (job(JobState.FAILED, 1, "exit code 1"), None, RunState.FAILED, "exit code 1"),
        (job(JobState.FAILED, 1), None, RunState.FAILED, "the scheduler gives no reason"),
        (job(JobState.CANCELLED), None, RunState.CANCELLED, ""),
    ],
)
def test_a_run_is_judged(status, left, state, reason):
    """The usual ends, with their reasons."""
    assert judge(status, left) == Judgement(state, reason)


@pytest.mark.parametrize(
    ("status", "left", "state"),
    [
        (job(JobState.RUNNING), FINISHED, RunState.RUNNING),  # its process is about to end
        (job(JobState.PENDING), FAILED, RunState.PENDING),  # it had to make room in that moment, and begins anew
        (job(JobState.UNKNOWN), FINISHED, RunState.FINISHED),  # the scheduler has forgotten it
        (job(JobState.UNKNOWN), STOPPED, RunState.STOPPED),
        (job(JobState.CANCELLED), FINISHED, RunState.FINISHED),  # it was done a moment before
        (job(JobState.CANCELLED), FAILED, RunState.CANCELLED),  # it failed of being told to end
        (job(JobState.SUCCEEDED, 0), None, RunState.FAILED),
        (None, None, RunState.UNKNOWN),
    ],
)
def test_a_run_is_judged_where_scheduler_and_training_disagree(status, left, state):
    """Only a positive answer is an end."""
    assert judge(status, left).state is state


@pytest.mark.parametrize("state", list(JobState))
def test_no_answer_but_an_end_ends_a_run(state):
    """Every state of a job that isn't an end leaves the run alive."""
    assert judge(job(state), None).state.ended is state.ended


def test_what_can_be_restarted():
    """What ended without being finished; never what may be alive."""
    assert {state for state in RunState if state.restartable} == {
        RunState.STOPPED,
        RunState.CANCELLED,
        RunState.KILLED,
        RunState.FAILED,
    }
