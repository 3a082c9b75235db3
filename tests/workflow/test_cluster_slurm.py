"""The cluster's engine keeps the Engine's promises on a real Slurm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.workflow.cluster_engine import ClusterEngine, WorkerOrder
from ccds_kernel.workflow.engine import Engine
from support.engine_contract import EngineContract
from support.slurm import Cluster, running_slurm
from support.slurm_client import client


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    """A node with four cores."""
    with running_slurm() as running:
        yield running


class TestClusterEngineOnSlurm(EngineContract):
    """Every promise, by jobs of Slurm."""

    @pytest.fixture
    def engine(self, slurm: Cluster, tmp_path: Path) -> Iterator[Engine]:
        """Two workers."""
        folder = tmp_path / "run"
        folder.mkdir(mode=0o700)
        order = WorkerOrder(
            project="HEAD-1", run="0123456789abcdef", folder=folder, owner="sam", count=2, wall_minutes=30
        )
        yield ClusterEngine(client(slurm, tmp_path / "jobs"), order, host="127.0.0.1", look_s=0.5)
        slurm.cancel_all()
