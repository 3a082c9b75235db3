"""What soaks share: the servers of a site's sessions, what is left of them, and how broken promises are told."""

# ruff: noqa: T201 - for scripts that print

import sys
from pathlib import Path

from support.demo import processes_of


def server_of(folder: Path, session: str) -> list[int]:
    """The processes that are the server of this session of the site in `folder`."""
    return [process.pid for process in processes_of(folder, f"CCDS_SESSION={session}", "jupyterhub.singleuser")]


def processes_left(folder: Path) -> list[str]:
    """A line for each process that is left of the sessions of the site in `folder`."""
    return [f"process {process.pid} is left" for process in processes_of(folder, "CCDS_SESSION=")]


def unhandled_errors(log: str) -> int:
    """How many a hub's log tells of that nobody handled."""
    return log.count("Unhandled error") + log.count("Task exception was never retrieved")


def tell(broken: list[str]) -> int:
    """Prints the broken promises; the exit status: 1 where there are any."""
    print(f"broken promises: {len(broken)}")
    for line in broken:
        print(f"  {line}", file=sys.stderr)
    return 1 if broken else 0
