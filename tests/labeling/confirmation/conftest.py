"""CHEST-1 with studies, and four labelers at work in it, each engine in turn where a test asks for it."""

from collections.abc import Iterator

import pytest

from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from support.confirming import LABELERS, Workplace, opened, settings_with
from support.postgresql import in_session


@pytest.fixture
def settings(tmp_path):
    """A site that keeps its rows in files."""
    return settings_with(tmp_path / "site")


@pytest.fixture
def place(settings) -> Iterator[Workplace]:
    """Twelve studies in a SQLite file."""
    yield from workplace(settings)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, tmp_path) -> Iterator[Workplace]:
    """Twelve studies on each engine in turn."""
    if request.param == "sqlite":
        yield from workplace(settings_with(tmp_path / "site"))
        return
    server = request.getfixturevalue("postgresql")
    yield from workplace(settings_with(tmp_path / "site", **server.take_in(tmp_path / "site" / "state")))
    server.forget("chest-1")


def workplace(settings) -> Iterator[Workplace]:
    """The project as each labeler opened it in a session of their own."""
    projects = {}
    for person in (*LABELERS, "sam"):
        projects[person] = opened(settings, person)
        with in_session(settings, "CHEST-1", person):
            assert projects[person].store
    place = Workplace(projects)
    place.prepare(12)
    yield place
    for project in projects.values():
        project.close()


@pytest.fixture
def snapshots(place) -> LabelSnapshots:
    """The project's, with two phrases: every second study has an effusion, and both kinds hold the later phrase."""
    repository = LabelingRepository(place.project)
    repository.insert_phrase(Phrase("No pleural effusion", "no effusion"), 0)
    repository.insert_phrase(Phrase("pleural effusion", "effusion"), 1)
    return LabelSnapshots(place.project)
