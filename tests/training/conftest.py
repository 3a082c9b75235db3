"""A project, its scheduler, and a place to write data lists."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.irb.project import Project
from support.training import make_scheduler, make_site


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project."""
    return make_site(tmp_path)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[LocalScheduler]:
    """Its scheduler: 2 cores, 1 GPU slot."""
    scheduler = make_scheduler(tmp_path)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


@pytest.fixture
def datalist(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes a data list."""

    def write(content: Any) -> Path:
        path = tmp_path / "written.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write
