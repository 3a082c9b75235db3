"""Slurm keeps the port's promises: a real slurmctld and slurmd."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.slurm import SlurmScheduler, SlurmSite
from support.scheduler_contract import Connect, SchedulerContract
from support.slurm import Cluster, running_slurm

GRACE_S = 2.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One cluster for all tests that leave it as it was."""
    with running_slurm() as running:
        yield running


def client(cluster: Cluster, folder: Path) -> SlurmScheduler:
    """A new client of this cluster."""
    return SlurmScheduler(folder, SlurmSite(grace_s=GRACE_S), DirectCommands(env=cluster.env))


@pytest.fixture
def connect(cluster: Cluster, folder: Path) -> Iterator[Connect]:
    """New clients of the cluster, which is free again after each test."""
    yield lambda: client(cluster, folder)

    cluster.cancel_all()


class TestSlurmScheduler(SchedulerContract):
    """Every promise, on real Slurm."""
