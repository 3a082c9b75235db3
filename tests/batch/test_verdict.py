"""What becomes of a job when its run is over, case by case."""

import pytest

from ccds_kernel.batch import JobState
from ccds_kernel.batch.ending import Verdict
from ccds_kernel.batch.exits import ExitFile, read_claim, read_exit
from ccds_kernel.batch.local.verdict import verdict

FAILED, PENDING, CANCELLED, SUCCEEDED = JobState.FAILED, JobState.PENDING, JobState.CANCELLED, JobState.SUCCEEDED
WELL = ExitFile(code=0, reason=None, stopped=False, ended=1.0)
STOPPED = ExitFile(code=-15, reason=None, stopped=True, ended=1.0)
STOPPED_WELL = ExitFile(code=0, reason=None, stopped=True, ended=1.0)
FAILS = ExitFile(code=3, reason=None, stopped=False, ended=1.0)
KILLED = ExitFile(code=-9, reason=None, stopped=False, ended=1.0)
NEVER = ExitFile(code=None, reason="the command can't be started: x", stopped=False, ended=1.0)


@pytest.mark.parametrize(
    ("exit_file", "intent", "requeueable", "expected"),
    [
        (WELL, None, False, Verdict(SUCCEEDED)),
        (FAILS, None, True, Verdict(FAILED, "exit code 3")),
        (KILLED, None, True, Verdict(FAILED, "killed by signal 9")),
        (NEVER, None, True, Verdict(FAILED, "the command can't be started: x")),
        # stopped by the scheduler: the intent decides, whatever code the command chose
        (STOPPED, "cancel", True, Verdict(CANCELLED)),
        (STOPPED_WELL, "cancel", False, Verdict(CANCELLED)),
        (STOPPED, "wall", True, Verdict(FAILED, "its wall time is over")),
        (STOPPED_WELL, "preempt", True, Verdict(PENDING)),
        # ended by itself before the TERM came: its own result
        (WELL, "cancel", False, Verdict(SUCCEEDED)),
        (WELL, "preempt", True, Verdict(SUCCEEDED)),
        (FAILS, "wall", False, Verdict(FAILED, "exit code 3")),
        # somebody else sent TERM to the wrapper
        (STOPPED, None, True, Verdict(FAILED, "killed by signal 15")),
        (STOPPED_WELL, None, True, Verdict(SUCCEEDED)),
        # moved to an interactive class while it was being preempted: it doesn't run twice
        (STOPPED, "preempt", False, Verdict(FAILED, "killed by signal 15")),
        # no exit file
        (None, None, False, Verdict(FAILED, "its processes vanished without leaving an exit file")),
        (None, None, True, Verdict(PENDING)),
        (None, "preempt", True, Verdict(PENDING)),
        (None, "cancel", True, Verdict(CANCELLED)),
        (None, "wall", True, Verdict(FAILED, "its wall time is over")),
    ],
)
def test_each_end_has_its_verdict(
    exit_file: ExitFile | None, intent: str | None, requeueable: bool, expected: Verdict
) -> None:
    """The whole table."""
    assert verdict(exit_file, intent, requeueable=requeueable, requeues=1, rebooted=False) == expected


def test_a_restart_of_the_machine_is_named() -> None:
    """What can't run again says that it was lost so."""
    found = verdict(None, None, requeueable=False, requeues=0, rebooted=True)

    assert found == Verdict(FAILED, "lost in a restart of the machine")


def test_runs_that_vanish_again_and_again_are_given_up() -> None:
    """After 20 requeues a vanished run is the end, a restart of the machine or a preemption is not."""
    often = {"requeueable": True, "requeues": 20}

    vanished = verdict(None, None, **often, rebooted=False)
    restarted = verdict(None, None, **often, rebooted=True)
    preempted = verdict(STOPPED, "preempt", **often, rebooted=False)

    assert vanished == Verdict(FAILED, "its processes vanished without leaving an exit file")
    assert restarted == preempted == Verdict(PENDING)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"code": 1}', '{"other": 1}'])
def test_a_damaged_exit_file_is_an_end(tmp_path, content: str) -> None:
    """It was renamed into place when the run was over: how it ended is lost, that it ended is sure."""
    (tmp_path / "exit.json").write_text(content)

    found = read_exit(tmp_path)

    assert found
    assert (found.code, found.reason) == (None, "its exit file is damaged")


def test_no_files_say_nothing(tmp_path) -> None:
    """Without an exit file nothing ended, without a claim nobody has begun."""
    assert read_exit(tmp_path) is None
    assert read_claim(tmp_path) is None
