"""One tiny job shows what no configuration does: that a node has our Python and the site's folder, and what its clock says.

It is submitted as sessions are. Where those are their people's jobs ([sessions] helper) it is a person's too, handed over by the
root helper and started by it on the node, so that the whole of that way is tried; that person has to be named.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class ForPeople:
    """How a person's session is submitted; not this package's to know.

    Args:
        connect: the scheduler that starts sessions on the site with these settings.
        person: whose job the tiny one is where jobs are people's; None: nobody is named.
    """

    connect: Callable[[Settings], Scheduler]
    person: str | None = None


def run_tiny_job(settings: Settings, own: Callable[[Path], Scheduler], people: ForPeople) -> Iterator[Finding]:
    """Runs it as an app session, and removes what it leaves.

    Args:
        settings: the site's.
        own: the scheduler for a folder where jobs are all the service account's.
        people: the scheduler where they are their people's.
    """
    if settings.sessions.helper and people.person is None:
        yield Finding(
            _NAME,
            Verdict.UNSEEN,
            "no tiny job: sessions are their people's jobs, and nobody is named",
            "name somebody with an account on the cluster: ccds doctor --scheduler --person NAME",
        )
        return
    folder = settings.paths.state / f"doctor-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True)
        if settings.sessions.helper and people.person:
            status = _run(people.connect(settings), folder, people.person)
        else:
            status = _run(own(folder), folder, "doctor")
    except OSError as error:
        yield Finding(
            _NAME, Verdict.WRONG, f"{settings.paths.state}: {error.strerror}", "run it as the service account"
        )
        return
    except CcdsError as error:
        yield Finding(_NAME, Verdict.WRONG, error.found, error.do)
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield from judge_tiny_job(status, time.time())


def _run(scheduler: Scheduler, folder: Path, owner: str) -> JobStatus:
    spec = JobSpec(
        name=job_name("doctor", str(os.getpid())),
        command=("/bin/sh", "-c", "true"),
        cwd=Path("/"),
        log=folder / "log",
        owner=owner,
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
            "give the nodes paths.state and this Python at the same paths, and with [sessions] helper its line of sudo",
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
