"""What the jobs of trainings are called: by it, with nothing but the scheduler asked, a job is known to be a project's."""

from __future__ import annotations

import re

from ccds_kernel.batch import job_name
from ccds_kernel.batch.local.names import read_name

_KIND = "training"
_NAME = re.compile(
    rf"{_KIND}-(?P<project>.+)-(?P<run>[0-9]{{8}}-[0-9]{{6}}-[0-9a-f]{{6}})-(?P<start>[0-9]+)-[0-9a-f]{{10}}"
)


def training_job(project_id: str, run_id: str, start: int) -> str:
    """What the job of start `start` (from 1) of a run is called."""
    return job_name(_KIND, project_id, run_id, str(start))


def project_of(name: str) -> str | None:
    """The id of the project in which the job called `name` trains; None where it is no training's.

    What a person hands over through the broker counts as one, whatever they call it: that right is asked for it.
    """
    if (named := read_name(name)) is not None:
        return named.project
    match = _NAME.fullmatch(name)
    if match is None or training_job(match["project"], match["run"], int(match["start"])) != name:
        return None
    return match["project"]
