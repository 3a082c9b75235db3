"""From what Docker says of a container to a job's status: pure.

A container that the hub ended carries that in its name, since its labels can't be changed: Docker keeps the name with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ccds_kernel.batch.docker.machine import Machine
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId, JobState, JobStatus

LABEL = "org.ccds."
CANCELLED = ".cancelled-"
_RUNS_OUT = 124
_SIGNALLED = 128
_STATES = {
    "created": JobState.PENDING,
    "running": JobState.RUNNING,
    "restarting": JobState.RUNNING,
    "removing": JobState.RUNNING,
    "paused": JobState.SUSPENDED,
}
_FRACTION = re.compile(r"(\.\d{1,6})\d*")
_NEVER = "0001-"


def job_id(machine: Machine, container: str) -> JobId:
    """The job that is `container`, by its whole id, on `machine`."""
    return JobId(f"{machine.name}/{container}")


def job_status(machine: Machine, told: Mapping[str, Any]) -> JobStatus:
    """The status of a container of ours, as Docker's `inspect` tells it."""
    labels, state = told["Config"]["Labels"], told["State"]
    said = JobState.UNKNOWN
    code, reason = None, None
    if state["Status"] in _STATES:
        said = _STATES[state["Status"]]
    elif state["Status"] in {"exited", "dead"}:
        code = _exit_code(state["ExitCode"])
        said, reason = _end(state, code, cancelled=CANCELLED in told["Name"])
    started = _time(state.get("StartedAt", ""))
    runs = said in {JobState.RUNNING, JobState.SUSPENDED}
    return JobStatus(
        id=job_id(machine, told["Id"]),
        state=said,
        name=labels[f"{LABEL}name"],
        owner=labels[f"{LABEL}owner"],
        priority_class=PriorityClass(labels[f"{LABEL}class"]),
        node=machine.name,
        nodes=(machine.name,),
        address=machine.address,
        exit_code=code,
        reason=reason,
        submitted=datetime.fromisoformat(labels[f"{LABEL}submitted"]),
        started=started,
        ended=_time(state.get("FinishedAt", "")) if said.ended else None,
        wall_ends=started + timedelta(seconds=int(labels[f"{LABEL}seconds"])) if started and runs else None,
        gpus_granted=gpus_of(labels) if runs else (),
    )


def gpus_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that a container of ours was given."""
    return tuple(name for name in labels[f"{LABEL}gpus"].split(",") if name)


def _end(state: Mapping[str, Any], code: int, *, cancelled: bool) -> tuple[JobState, str | None]:
    if cancelled:
        return JobState.CANCELLED, "it was cancelled"
    if state.get("OOMKilled"):
        return JobState.FAILED, "it needed more memory than it was given"
    if code == _RUNS_OUT:
        return JobState.FAILED, "its wall time was over"
    if code:
        return JobState.FAILED, f"it ended with exit code {code}"
    return JobState.SUCCEEDED, None


def _exit_code(code: int) -> int:
    """Docker's exit code as ours: minus the signal that ended it."""
    return _SIGNALLED - code if code > _SIGNALLED else code


def _time(text: str) -> datetime | None:
    """Docker's time, which has nanoseconds; None where it says year 1 for never."""
    if not text or text.startswith(_NEVER):
        return None
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text)).astimezone(UTC)
