"""CHEST-1 with two fellows and a scientist."""

from collections.abc import Iterator

import pytest

from ccds_kernel.irb.project import Project
from support.confirming import opened, settings_with


@pytest.fixture
def projects(tmp_path) -> Iterator[dict[str, Project]]:
    """The project as each of them opened it."""
    settings = settings_with(tmp_path / "site")
    projects = {person: opened(settings, person) for person in ("ann", "bob", "sam")}
    yield projects
    for project in projects.values():
        project.close()
