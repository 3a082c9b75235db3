"""What the jobs of a run are called: by it, with nothing but the scheduler asked, a job is known to be a run's of a project."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ccds_kernel.batch import job_name

CONTROLLER = "controller"
_KIND = "workflow"
_NAME = re.compile(
    rf"{_KIND}-(?P<project>.+)-(?P<run>[0-9a-f]{{16}})-(?P<part>{CONTROLLER}|[0-9a-f]{{8}}\.[0-9]+\.[0-9]+)-[0-9a-f]{{10}}"
)


@dataclass(frozen=True, slots=True)
class RunJob:
    """A job of a run.

    Args:
        project: the project's id.
        run: which run of it, 16 hexadecimal digits.
        part: `CONTROLLER`, or for a worker `<life of the controller>.<number>.<how many before it>`.
    """

    project: str
    run: str
    part: str

    @property
    def name(self) -> str:
        """What the scheduler calls it."""
        return job_name(_KIND, self.project, self.run, self.part)


def run_of(digest: str) -> str:
    """What a run is called in its jobs' names, by the operator's SHA-256."""
    return digest[:16]


def read_job(name: str | None) -> RunJob | None:
    """The job that is called so; None where it is no run's."""
    match = _NAME.fullmatch(name or "")
    if match is None:
        return None
    found = RunJob(**match.groupdict())
    return found if found.name == name else None
