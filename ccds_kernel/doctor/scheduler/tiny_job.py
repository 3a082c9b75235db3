"""One tiny job shows what no configuration does: that a node has our Python and the site's folder, and what its clock says."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.batch.states import JobState, JobStatus
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings

_JOB_S = 60.0
_AGAIN_S = 0.5
_MOST_SKEW_S = 15.0
"""More than it takes to notice the end of a job."""
_NAME = "shared folder"


def run_tiny_job(settings: Settings, connect: Callable[[Path], Scheduler]) -> Iterator[Finding]:
    """Runs it through the scheduler that `connect` gives for a folder, as an app session, and removes it again."""
    folder = settings.paths.state / f"doctor-{os.getpid()}"
    try:
        status = _run(connect(folder), folder)
    except CcdsError as error:
        yield Finding(_NAME, Verdict.WRONG, error.found, error.do)
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield from judge_tiny_job(status, time.time())


def _run(scheduler: Scheduler, folder: Path) -> JobStatus:
    spec = JobSpec(
        name=job_name("doctor", str(os.getpid())),
        command=("/bin/sh", "-c", "true"),
        cwd=Path("/"),
        log=folder / "log",
        owner="doctor",
        memory_mb=100,
        wall_minutes=1,
        priority_class=PriorityClass.APP,
    )
    job = scheduler.submit(spec)
    deadline = time.monotonic() + _JOB_S
    while True:
        status = scheduler.status([job])[job]
        if status.state.ended:
            return status
        if time.monotonic() > deadline:
            scheduler.cancel(job)
            return status
        time.sleep(_AGAIN_S)


def judge_tiny_job(status: JobStatus, now: float) -> Iterator[Finding]:
    """The findings for what became of it.

    Args:
        status: the job when it had ended, or when waiting for it was given up.
        now: UTC seconds since 1970, just after.
    """
    where = (
        f"partition or queue of app sessions; {status.waits.said or status.waits.reason}"
        if status.waits
        else status.state
    )
    if not status.state.ended:
        yield Finding(
            _NAME,
            Verdict.UNSEEN,
            f"a tiny job didn't end within {_JOB_S:.0f} s: {where}",
            "try again when a host is free",
        )
        return
    if status.state is not JobState.SUCCEEDED:
        yield Finding(
            _NAME,
            Verdict.WRONG,
            f"a tiny job failed on {status.node or 'its node'}: {status.reason or status.state}",
            "give the nodes paths.state and this Python at the same paths",
        )
        return
    yield Finding(_NAME, Verdict.OK, f"{status.node} has this Python, and the site's state at the same path")
    skew = abs(now - status.ended.timestamp()) if status.ended else 0.0
    if skew > _MOST_SKEW_S:
        yield Finding(
            "clock", Verdict.WRONG, f"the clock of {status.node} is off by about {skew:.0f} s", "run a time daemon"
        )
    else:
        yield Finding("clock", Verdict.OK, f"of {status.node} and here agree within {_MOST_SKEW_S:.0f} s")
