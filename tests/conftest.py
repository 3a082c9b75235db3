"""What tests of several stages share."""

from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings
from xdist.remote import Producer

from support import side_by_side, slurm
from support.demo import Demo, running_demo
from support.postgresql import Server, running_server

settings.register_profile("ccds", deadline=None)  # how long an example takes is the machine's business, not a test's
settings.load_profile("ccds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes run tests the longest come first."""
    if side_by_side.is_so():
        items.sort(key=side_by_side.place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> side_by_side.ByGroupOrFile:
    """Each gets those that belong together."""
    return side_by_side.ByGroupOrFile(config, log)


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
    side_by_side.must_be_in(side_by_side.DEMO)
    with running_demo(tmp_path_factory.mktemp("demo") / "site") as running:
        yield running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for all tests; each makes schemas of its own."""
    with running_server() as server:
        yield server
