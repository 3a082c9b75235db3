"""Workers that a file's tests share, so that each test costs no start of its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ccds_kernel.workflow.engine import Workers
from ccds_kernel.workflow.local_engine import LocalEngine
from ccds_kernel.workflow.run_folder import RunFolder
from support.workflow import KeptEngine


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two real workers on this machine, with a gigabyte between them."""
    with LocalEngine(2).open(1 << 20) as workers:
        yield replace(workers, memory_each=1 << 30, memory_together=1 << 30)


@pytest.fixture
def engine(workers: Workers) -> KeptEngine:
    """They as an engine."""
    return KeptEngine(workers)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Where things are made."""
    return RunFolder(tmp_path / "made")
