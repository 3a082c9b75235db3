"""What tests of several stages share."""

from collections.abc import Iterator

import pytest

from support.demo import Demo, running_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests that only use it; a test that breaks things runs its own."""
    with running_demo(tmp_path_factory.mktemp("demo") / "site") as running:
        yield running
