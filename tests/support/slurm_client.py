"""Clients of a real Slurm, and the fixtures that give them to tests."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.slurm import SlurmScheduler, SlurmSite
from support.scheduler_contract import Connect
from support.slurm import Cluster, running_slurm

GRACE_S = 2.0
"""Seconds from TERM to KILL: the clusters of tests wait for 5."""
LONG_S = 60.0
"""For what Slurm itself waits with before it goes on."""


def client(
    cluster: Cluster, folder: Path, timeout_s: float = 20.0, env: Mapping[str, str] | None = None
) -> SlurmScheduler:
    """A new client of this cluster."""
    commands = DirectCommands(env={**cluster.env, **(env or {})}, timeout_s=timeout_s)
    return SlurmScheduler(folder, SlurmSite(grace_s=GRACE_S), commands)


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """One cluster for all tests that leave it as it was: one GPU node with 4 cores, 4 GPUs and 8000 MiB."""
    with running_slurm() as running:
        yield running


@pytest.fixture
def connect(cluster: Cluster, folder: Path) -> Iterator[Connect]:
    """New clients of the cluster, which is free again after each test."""
    yield lambda: client(cluster, folder)

    cluster.cancel_all()
