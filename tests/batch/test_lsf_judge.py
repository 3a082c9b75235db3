"""What LSF's record and the exit file of a job mean together: each case one line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.batch import UNKNOWN_REASON, Explanation, JobId, JobState, JobStatus, PriorityClass
from ccds_kernel.batch.exits import ExitFile
from ccds_kernel.batch.lsf import judge
from ccds_kernel.batch.lsf.parse import LsfJob
from ccds_kernel.batch.run_folders import Noted

BEGAN = datetime(2026, 4, 12, 18, 10, 55, tzinfo=UTC)
NOTED = Noted("ann-lab-0123456789abcdef", "0123456789abcdef", "ann-lab", "ann", 0, BEGAN.timestamp())
RUN = LsfJob(
    number="101",
    index=0,
    stat="RUN",
    user="ann",
    queue="interactive",
    name="ann-lab",
    description="",
    nodes=("gpu1",),
    exit_code=None,
    exit_reason="",
    pend_reason="",
    submitted=BEGAN,
    started=BEGAN,
    finishes=BEGAN + timedelta(minutes=60),
    estimated_start=None,
    run_limit=60.0,
    gpus={"gpu1": ("0", "1")},
)
FINE = ExitFile(0, None, False, BEGAN.timestamp() + 60)
FAILED = replace(FINE, code=7)
TOLD = replace(FINE, stopped=True)
KILLED = replace(FINE, code=-2)
LATE = replace(TOLD, ended=BEGAN.timestamp() + 3601)
WALL = "its wall time is over"
ROOM = "it had to make room for other work"


def told(job: LsfJob, exit_file: ExitFile | None = None, *, cancelled: bool = False) -> JobStatus:
    """The judgement on one job."""
    return judge.status(
        JobId("101"), [job], NOTED, [exit_file], cancelled=cancelled, kind=PriorityClass.FIRST, position=None
    )


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("PEND", JobState.PENDING),
        ("PSUSP", JobState.PENDING),
        ("WAIT", JobState.PENDING),
        ("PROV", JobState.PENDING),
        ("RUN", JobState.RUNNING),
        ("USUSP", JobState.SUSPENDED),
        ("SSUSP", JobState.SUSPENDED),
        ("UNKWN", JobState.UNKNOWN),
        ("ZOMBI", JobState.UNKNOWN),
        ("POST_DONE", JobState.UNKNOWN),
        ("", JobState.UNKNOWN),
    ],
)
def test_only_done_and_exit_are_ends(stat: str, state: JobState) -> None:
    """All others are alive, also those that nobody has heard of, which have a reason."""
    known = told(replace(RUN, stat=stat))

    assert (known.state, known.state.ended) == (state, False)
    assert bool(known.reason) is (state is JobState.UNKNOWN)


@pytest.mark.parametrize(
    ("job", "exit_file", "cancelled", "state", "reason", "code"),
    [
        (replace(RUN, stat="DONE"), FINE, False, JobState.SUCCEEDED, None, 0),
        (replace(RUN, stat="DONE"), None, False, JobState.SUCCEEDED, None, 0),
        (replace(RUN, stat="EXIT", exit_code=7), FAILED, False, JobState.FAILED, "exit code 7", 7),
        (replace(RUN, stat="EXIT", exit_code=7), None, False, JobState.FAILED, "exit code 7", 7),
        (replace(RUN, stat="EXIT", exit_code=137), None, False, JobState.FAILED, "killed by signal 9", -9),
        # where they disagree about success, the exit file is right
        (replace(RUN, stat="DONE"), FAILED, False, JobState.FAILED, "exit code 7", 7),
        (replace(RUN, stat="EXIT", exit_code=1), FINE, False, JobState.SUCCEEDED, None, 0),
        # it positively says that no process is left
        (RUN, FINE, False, JobState.SUCCEEDED, None, 0),
        (replace(RUN, stat="UNKWN"), FAILED, False, JobState.FAILED, "exit code 7", 7),
        # but one that was told to end may be on its way back into the queue
        (replace(RUN, stat="PEND"), TOLD, False, JobState.PENDING, None, None),
        (RUN, TOLD, False, JobState.RUNNING, None, None),
        (replace(RUN, stat="EXIT", exit_reason="TERM_REQUEUE_OWNER: …"), None, False, JobState.PENDING, None, None),
        # cancelled: through us, by hand, before it began, whatever its exit code is
        (replace(RUN, stat="EXIT", exit_code=130), KILLED, True, JobState.CANCELLED, None, -2),
        (replace(RUN, stat="EXIT", exit_reason="TERM_OWNER: job killed by owner"), KILLED, False, JobState.CANCELLED, None, -2),
        (replace(RUN, stat="EXIT", exit_reason="TERM_OWNER: …", started=None), None, False, JobState.CANCELLED, None, None),
        (replace(RUN, stat="DONE"), TOLD, True, JobState.CANCELLED, None, 0),
        # out of time: LSF may not say so
        (replace(RUN, stat="EXIT", exit_reason="TERM_RUNLIMIT: …"), LATE, False, JobState.FAILED, WALL, 0),
        (replace(RUN, stat="DONE"), LATE, False, JobState.FAILED, WALL, 0),
        (replace(RUN, stat="EXIT", exit_reason="TERM_PREEMPT: …"), None, False, JobState.FAILED, ROOM, None),
        (replace(RUN, stat="EXIT", exit_reason="TERM_SWAP"), None, False, JobState.FAILED, "LSF says: TERM_SWAP", None),
    ],
)  # fmt: skip
def test_an_end(  # noqa: PLR0917 - a table
    job: LsfJob, exit_file: ExitFile | None, cancelled: bool, state: JobState, reason: str | None, code: int | None
) -> None:
    """What is said of it."""
    known = told(job, exit_file, cancelled=cancelled)

    assert (known.state, known.reason, known.exit_code) == (state, reason, code)


@pytest.mark.parametrize("stat", ["PEND", "PSUSP", "WAIT", "PROV", "RUN"])
@pytest.mark.parametrize("code", [0, 7, 130, -2, -9, -12, -15])
def test_what_lsf_has_put_back_goes_on(stat: str, code: int) -> None:
    """Whatever its last start left, also where LSF's signal was faster than the wrapper, or the queue requeues at that code."""
    put_back = replace(RUN, stat=stat, started=BEGAN + timedelta(minutes=5) if stat == "RUN" else None)

    known = told(put_back, replace(FINE, code=code))

    assert known.state is (JobState.RUNNING if stat == "RUN" else JobState.PENDING)
    assert (known.exit_code, known.ended, known.reason) == (None, None, None)


@pytest.mark.parametrize("code", [-2, -9, -12, -15])
def test_what_was_just_told_to_end_may_be_put_back(code: int) -> None:
    """LSF still says RUN: it will say what it meant."""
    assert told(RUN, replace(FINE, code=code)).state is JobState.RUNNING


def test_what_a_running_job_has() -> None:
    """Compared whole."""
    assert told(RUN) == JobStatus(
        id=JobId("101"),
        state=JobState.RUNNING,
        name="ann-lab",
        owner="ann",
        user="ann",
        priority_class=PriorityClass.FIRST,
        node="gpu1",
        nodes=("gpu1",),
        submitted=BEGAN,
        started=BEGAN,
        wall_ends=BEGAN + timedelta(minutes=60),
        gpus_granted=("0", "1"),
    )


def test_gpus_of_several_hosts_have_their_host() -> None:
    """And the wall time is the limit's where LSF says no end."""
    job = replace(RUN, nodes=("a", "b"), gpus={"a": ("0",), "b": ("0", "1")}, finishes=None)

    known = told(job)

    assert (known.node, known.nodes, known.gpus_granted) == ("a", ("a", "b"), ("a:0", "b:0", "b:1"))
    assert known.wall_ends == BEGAN + timedelta(minutes=60)


def test_why_a_job_waits() -> None:
    """In plain words, LSF's own beside them; unknown where it says nothing."""
    soon = BEGAN + timedelta(hours=2)
    waits = replace(RUN, stat="PEND", pend_reason="New job is waiting for scheduling;", estimated_start=soon)

    assert judge.explain(waits, 3) == Explanation(
        reason="submitted a moment ago, not looked at yet",
        said="New job is waiting for scheduling",
        position=3,
        estimated_start=soon,
    )
    assert judge.explain(replace(waits, pend_reason="", estimated_start=None), None) == Explanation(
        reason=UNKNOWN_REASON
    )
    assert judge.explain(replace(waits, stat="PSUSP", pend_reason=""), 1).reason.startswith("held")


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        (("DONE", "RUN", "PEND"), JobState.RUNNING),
        (("DONE", "PEND", "EXIT"), JobState.PENDING),
        (("DONE", "EXIT", "DONE"), JobState.FAILED),
        (("DONE", "UNKWN", "EXIT"), JobState.UNKNOWN),
        (("DONE", "DONE", "DONE"), JobState.SUCCEEDED),
    ],
)
def test_an_array_is_what_its_tasks_are(states: tuple[str, ...], whole: JobState) -> None:
    """As long as one is alive it is; one that failed makes it fail."""
    found = [replace(RUN, index=at, stat=stat, exit_code=3) for at, stat in enumerate(states, start=1)]

    known = judge.status(
        JobId("101"), found, NOTED, [None] * 3, cancelled=False, kind=PriorityClass.BATCH, position=None
    )

    assert known.state is whole


@pytest.mark.parametrize(
    ("exit_file", "cancelled", "fresh", "trouble", "state"),
    [
        (None, False, False, None, JobState.UNKNOWN),
        (None, False, True, None, JobState.PENDING),
        (None, False, True, "no answer", JobState.UNKNOWN),
        (FINE, False, False, None, JobState.SUCCEEDED),
        (FINE, False, False, "no answer", JobState.SUCCEEDED),
        (TOLD, False, False, None, JobState.FAILED),
        (TOLD, True, False, None, JobState.CANCELLED),
        (TOLD, True, True, None, JobState.CANCELLED),
        (KILLED, True, False, None, JobState.CANCELLED),
        (TOLD, True, False, "no answer", JobState.UNKNOWN),
    ],
)
def test_a_job_that_lsf_does_not_list(
    exit_file: ExitFile | None, cancelled: bool, fresh: bool, trouble: str | None, state: JobState
) -> None:
    """Without an exit file it is alive; one that was told to end may begin anew unless LSF says that it knows none."""
    known = judge.unlisted(JobId("101"), NOTED, [exit_file], cancelled=cancelled, fresh=fresh, trouble=trouble)

    assert known.state is state
    assert (known.name, known.owner) == ("ann-lab", "ann")
