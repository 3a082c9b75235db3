"""The scheduler on LSF keeps the port's promises, on a stand-in. What else LSF does to jobs is in `test_lsf_events`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf import ENVIRONMENT, LsfScheduler, LsfSite
from support.lsf.stand_in import StandIn, running_lsf
from support.scheduler_contract import Connect, SchedulerContract


@pytest.fixture
def lsf(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in with the node of the contract and a host for app sessions."""
    with running_lsf(tmp_path / "lsf") as stand_in:
        yield stand_in


@pytest.fixture
def connect(lsf: StandIn, tmp_path: Path) -> Connect:
    """New clients of it."""
    return lambda: LsfScheduler(tmp_path / "ours", LsfSite(grace_s=1.0), DirectCommands(lsf.bin, env=ENVIRONMENT))


class TestLsfScheduler(SchedulerContract):
    """Every promise."""
