"""How Docker's answers are read: compared whole, no daemon needed."""

from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.batch.docker.machine import Machine
from ccds_kernel.batch.docker.states import job_status
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from support.docker_labels import LABELS, NOW

MACHINE = Machine(name="dgx1", docker="unix:///run/d.sock", address="10.0.0.11", cpus=8, memory_mb=9000, gpus=4)


def told(status: str, name: str = "/ccds-session-ann-chest-1-lab", **state: object) -> dict:
    """What `docker inspect` says of ann's session."""
    times = {"StartedAt": "2026-03-01T08:30:01.123456789Z", "FinishedAt": "0001-01-01T00:00:00Z"}
    known = {"Status": status, "ExitCode": 0, "OOMKilled": False} | times | state
    return {"Id": "4f2a", "Name": name, "Config": {"Labels": LABELS}, "State": known}


def test_a_running_container_is_a_running_job():
    """With all that its labels say, and when its wall time will be over."""
    started = datetime(2026, 3, 1, 8, 30, 1, 123456, tzinfo=UTC)

    assert job_status(MACHINE, told("running")) == JobStatus(
        id=JobId("dgx1/4f2a"),
        state=JobState.RUNNING,
        name="session-ann-chest-1-lab",
        owner="ann",
        priority_class=PriorityClass.FIRST,
        node="dgx1",
        nodes=("dgx1",),
        address="10.0.0.11",
        submitted=NOW,
        started=started,
        wall_ends=started + timedelta(minutes=90),
        gpus_granted=("1", "3"),
    )


@pytest.mark.parametrize(
    ("container", "state", "code", "reason"),
    [
        (told("created", StartedAt="0001-01-01T00:00:00Z"), JobState.PENDING, None, None),
        (told("paused"), JobState.SUSPENDED, None, None),
        (told("removing"), JobState.RUNNING, None, None),
        (told("some new word"), JobState.UNKNOWN, None, None),
        (told("exited"), JobState.SUCCEEDED, 0, None),
        (told("exited", ExitCode=3), JobState.FAILED, 3, "it ended with exit code 3"),
        (told("exited", ExitCode=124), JobState.FAILED, 124, "its wall time was over"),
        (told("exited", ExitCode=137), JobState.FAILED, -9, "it ended with exit code -9"),
        (told("exited", ExitCode=137, OOMKilled=True), JobState.FAILED, -9, "it needed more memory than it was given"),
        (told("exited", "/ccds-x.cancelled-00", ExitCode=143), JobState.CANCELLED, -15, "it was cancelled"),
        (told("running", "/ccds-x.cancelled-00"), JobState.RUNNING, None, None),
    ],
)
def test_only_a_container_that_has_exited_is_a_job_that_ended(container, state, code, reason):
    """What Docker calls otherwise is alive; one that is being cancelled too, until it has exited."""
    status = job_status(MACHINE, container)

    assert (status.state, status.exit_code, status.reason) == (state, code, reason)
    assert bool(status.gpus_granted) is (state in {JobState.RUNNING, JobState.SUSPENDED})
