"""How a job on a cluster ended: what its wrapper left against what the scheduler says, case by case."""

import pytest

from ccds_kernel.batch import JobState
from ccds_kernel.batch.ending import FORGOTTEN, Verdict, judge
from ccds_kernel.batch.exits import ExitFile

RUNS, WAITS, STANDS = Verdict(JobState.RUNNING), Verdict(JobState.PENDING), Verdict(JobState.SUSPENDED)
WELL, CANCELLED = Verdict(JobState.SUCCEEDED), Verdict(JobState.CANCELLED)
OVER_TIME = Verdict(JobState.FAILED, "its wall time is over")
FAILED, TOLD = Verdict(JobState.FAILED, "exit code 3"), Verdict(JobState.FAILED, "it was told to end")
BY_ITSELF = ExitFile(code=0, reason=None, stopped=False, ended=1.0)
BADLY = ExitFile(code=3, reason=None, stopped=False, ended=1.0)
BY_SIGNAL = Verdict(JobState.FAILED, "killed by signal 15")
KILLED = ExitFile(code=-15, reason=None, stopped=False, ended=1.0)
STOPPED = ExitFile(code=-15, reason=None, stopped=True, ended=1.0)


@pytest.mark.parametrize(
    ("said", "left", "cancelled", "known"),
    [
        # no exit file: the scheduler's word, and none is no end
        (RUNS, None, False, RUNS),
        (WAITS, None, False, WAITS),
        (CANCELLED, None, False, CANCELLED),
        (None, None, False, FORGOTTEN),
        (None, None, True, FORGOTTEN),
        # it ended by itself: whatever the scheduler says, or doesn't yet
        (RUNS, BY_ITSELF, False, WELL),
        (CANCELLED, BY_ITSELF, True, WELL),
        (FAILED, BY_ITSELF, False, WELL),
        (WELL, BADLY, False, FAILED),
        (None, BADLY, False, FAILED),
        # its wrapper hadn't heard yet that both were told to end
        (RUNS, KILLED, False, RUNS),
        (CANCELLED, KILLED, True, CANCELLED),
        (OVER_TIME, KILLED, False, OVER_TIME),
        (None, KILLED, True, CANCELLED),
        (None, KILLED, False, BY_SIGNAL),
        (WELL, KILLED, False, BY_SIGNAL),
        # it was told to end: the scheduler knows why, and whether it begins anew
        (RUNS, STOPPED, True, RUNS),
        (WAITS, STOPPED, False, WAITS),
        (STANDS, STOPPED, False, STANDS),
        (CANCELLED, STOPPED, True, CANCELLED),
        (OVER_TIME, STOPPED, False, OVER_TIME),
        (WELL, STOPPED, False, TOLD),
        (None, STOPPED, True, CANCELLED),
        (None, STOPPED, False, TOLD),
    ],
)
def test_each_end_has_its_verdict(said: Verdict | None, left: ExitFile | None, cancelled: bool, known: Verdict) -> None:
    """The whole table."""
    assert judge(said, left, cancelled=cancelled) == known
