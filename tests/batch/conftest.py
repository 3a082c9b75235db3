"""A local scheduler of its own for each test, which must leave no process behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch.local import Capacity, LocalScheduler
from support.scheduler_contract import Connect, jobs
from support.slurm_client import cluster

__all__ = ["cluster", "jobs"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The state folder."""
    return tmp_path / "state"


@pytest.fixture
def connect(folder: Path) -> Iterator[Connect]:
    """New clients of one local scheduler with 4 cores, 4 GPU slots and 8000 MiB."""
    capacity = Capacity(cpus=4, memory_mb=8000, gpus=("0", "1", "2", "3"), gpu_model="pretend", apps=3)
    LocalScheduler(folder, capacity=capacity, grace_s=1.0)

    yield lambda: LocalScheduler(folder)

    LocalScheduler(folder).shutdown(cancel_jobs=True)
    assert processes_of(folder) == []


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that have this folder in their arguments or environment."""
    mark = str(folder).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if mark in command or mark in environment:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.fixture
def remaining(folder: Path) -> Callable[[], list[str]]:
    """What runs for this state folder now."""
    return lambda: processes_of(folder)
