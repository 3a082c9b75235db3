"""What tests of several stages share."""

from collections.abc import Iterator

import pytest

from support.demo import Demo, running_demo
from support.postgresql import Server, running_server


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
