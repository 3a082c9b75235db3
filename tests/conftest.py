"""What tests of several stages share."""

from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from support import slurm
from support.demo import Demo, running_demo
from support.postgresql import Server, running_server

settings.register_profile("ccds", deadline=None)  # how long an example takes is the machine's business, not a test's
settings.load_profile("ccds")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells with a test that failed how the clusters stood that it ran on: a node that Slurm drained explains the rest."""
    report = yield
    if report.failed:
        report.sections += [("Slurm", cluster.state()) for cluster in slurm.LIVE]
    return report


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests that only use it; a test that breaks things runs its own."""
    with running_demo(tmp_path_factory.mktemp("demo") / "site") as running:
        yield running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for all tests; each makes schemas of its own."""
    with running_server() as server:
        yield server
