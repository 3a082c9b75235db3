"""A project, its scheduler, a run that waits, and a place to write data lists."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.batch import JobSpec, PriorityClass
from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.irb.project import Project
from ccds_kernel.training.launch import launch
from ccds_kernel.training.run import Run
from ccds_kernel.training.spec import TrainingSpec
from support.training import CORES, make_scheduler, make_site, need_training


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
def spec(tmp_path: Path, scheduler: LocalScheduler) -> TrainingSpec:
    """What is asked for; its job has to wait, since a first node holds every core."""
    need_training()
    session = JobSpec(
        name="session", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "session.log", owner="ann", cpus=CORES,
        priority_class=PriorityClass.FIRST, memory_mb=10,
    )  # fmt: skip
    scheduler.submit(session)
    return TrainingSpec(datalist=tmp_path / "datalist.json", memory_mb=100, epochs=7)


@pytest.fixture
def run(project: Project, spec: TrainingSpec, scheduler: LocalScheduler) -> Run:
    """A run whose job waits."""
    return launch(project, spec, scheduler)


@pytest.fixture
def datalist(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes a data list."""

    def write(content: Any) -> Path:
        path = tmp_path / "written.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write
