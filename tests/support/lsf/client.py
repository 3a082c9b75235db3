"""Clients of the stand-in, and the fixtures that give them to tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf import ENVIRONMENT, LsfScheduler, LsfSite
from support.lsf.stand_in import StandIn, running_lsf
from support.scheduler_contract import Connect

Client = Callable[..., LsfScheduler]


@pytest.fixture
def lsf(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in with one GPU node and a host for app sessions; a job has half a second between INT, TERM and KILL."""
    with running_lsf(tmp_path / "lsf", terminate_interval_s=0.5) as stand_in:
        yield stand_in


@pytest.fixture
def client(lsf: StandIn, tmp_path: Path) -> Client:
    """New clients; `user` pretends to be another Unix user, `timeout_s` is their patience."""

    def make(*, user: str | None = None, timeout_s: float = 10.0, folder: str = "ours") -> LsfScheduler:
        env = ENVIRONMENT | ({"STAND_IN_USER": user} if user else {})
        commands = DirectCommands(lsf.bin, env=env, timeout_s=timeout_s)
        return LsfScheduler(tmp_path / folder, LsfSite(grace_s=0.3), commands)

    return make


@pytest.fixture
def connect(client: Client) -> Connect:
    """As the contract's."""
    return client


def run_dirs(tmp_path: Path) -> list[Path]:
    """The folders of all runs."""
    return list((tmp_path / "ours" / "jobs").iterdir())
