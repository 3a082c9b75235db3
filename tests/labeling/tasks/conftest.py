"""CHEST-1 with two fellows and a scientist."""

from collections.abc import Iterator

import pytest

from ccds_kernel.irb.project import Project
from ccds_kernel.settings import Settings
from support.confirming import opened, settings_with
from support.postgresql import in_session


@pytest.fixture
def projects(tmp_path) -> Iterator[dict[str, Project]]:
    """The project as each of them opened it."""
    yield from opened_projects(settings_with(tmp_path / "site"))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, tmp_path) -> Iterator[dict[str, Project]]:
    """Likewise, on each engine in turn."""
    if request.param == "sqlite":
        yield from opened_projects(settings_with(tmp_path / "site"))
        return
    server = request.getfixturevalue("postgresql")
    yield from opened_projects(settings_with(tmp_path / "site", **server.take_in(tmp_path / "site" / "state")))
    server.forget("chest-1")


def opened_projects(settings: Settings) -> Iterator[dict[str, Project]]:
    """The project as each of them opened it in a session of their own."""
    projects = {person: opened(settings, person) for person in ("ann", "bob", "sam")}
    for person, project in projects.items():
        with in_session(settings, "CHEST-1", person):
            assert project.store
    yield projects
    for project in projects.values():
        project.close()
