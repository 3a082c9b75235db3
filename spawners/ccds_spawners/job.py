"""From a session's name and options to the job that runs it: pure, so that it can be compared whole."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from ccds_kernel.batch.spec import JobSpec, PriorityClass, job_name
from ccds_kernel.session.name import SessionName
from ccds_spawners.options import LabOptions
from ccds_spawners.share import APP_SHARE, Share

APP_MINUTES = 12 * 60.0


def session_job_name(session: SessionName, person: str) -> str:
    """The name of the job of `person`'s session: at most one job of that name lives."""
    return job_name("session", person, str(session))


def session_job(
    name: SessionName,
    options: LabOptions,
    share: Share,
    priority_class: PriorityClass,
    *,
    person: str,
    home: Path,
    folder: Path,
    env: Mapping[str, str],
) -> JobSpec:
    """The job of session `name`; an app session has no GPU, its own share and the class of apps whatever is asked for.

    Args:
        name: the session.
        options: GPUs and hours of a lab session.
        share: cores and memory of a lab session.
        priority_class: FIRST or SECOND, for a lab session.
        person: for whom it runs.
        home: the folder in which the session runs.
        folder: the folder of its server, which the person can't write.
        env: the session's whole environment, its token included.
    """
    app = not name.kind.runs_code
    server = "app" if app else "lab"
    share = APP_SHARE if app else share
    return JobSpec(
        name=session_job_name(name, person),
        # -P: a folder of the person's that is called like one of our modules must not be run instead of it.
        command=(sys.executable, "-P", "-m", "ccds_kernel.session.launch", server),
        cwd=home,
        log=folder / f"{name}.log",
        owner=person,
        env=env,
        cpus=share.cores,
        memory_mb=share.memory_mb,
        gpus=0 if app else options.gpus,
        gpu_model=None if app else options.gpu_model,
        wall_minutes=APP_MINUTES if app else options.hours * 60.0,
        priority_class=PriorityClass.APP if app else priority_class,
    )
