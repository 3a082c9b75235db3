"""CHEST-1 with a task of two labels and 24 studies, four people at work in it, and the assess screen on it."""

from collections.abc import Callable, Iterator

import pytest

from ccds_widgets.labeling.assess.app import assess_screen
from ccds_widgets.labeling.assess.model import AssessModel
from support.assessing import with_phrases
from support.confirming import LABELERS, Workplace, opened, settings_with

STUDIES = 24


@pytest.fixture
def place(tmp_path) -> Iterator[Workplace]:
    """The project, as ann, bob, cy and dee, who are fellows, and the scientist sam opened it."""
    settings = settings_with(tmp_path / "site")
    place = Workplace({person: opened(settings, person) for person in (*LABELERS, "sam")})
    place.prepare(STUDIES)
    with_phrases(place)
    yield place
    for project in place.projects.values():
        project.close()


@pytest.fixture
def open_screen(place) -> Callable[[str], AssessModel]:
    """Opens the screen for a person."""
    return lambda person="ann": assess_screen(place.projects[person], place.task_id)
