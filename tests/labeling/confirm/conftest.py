"""The confirming screen on a project in a file, as somebody has it."""

import pytest

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.task import TaskKind
from ccds_widgets.labeling.confirm.app import confirm_screen
from support.confirm_project import PROJECT, TASK, confirm_project
from support.site import site_settings


@pytest.fixture(params=[TaskKind.ONE])
def kind(request):
    """How the task's labels go together."""
    return request.param


@pytest.fixture
def settings(tmp_path):
    """A site in a folder."""
    return site_settings(tmp_path / "site")


@pytest.fixture
def data():
    """What the application covers."""
    return ("reports",)


@pytest.fixture
def project(settings, kind, data):
    """The project with 30 studies, ten of each text."""
    opened = confirm_project(settings, 30, kind=kind, data=data)
    yield opened
    opened.close()


@pytest.fixture
def keys(project):
    """Its studies."""
    return [stored.study_key for stored in LabelingRepository(project, TASK).reports()]


@pytest.fixture
def screen_of(settings, project):  # noqa: ARG001 - it is there before it is opened
    """The screen as somebody has it, opened anew each time."""
    opened = []

    def open_it(person):
        opened.append(open_project(PROJECT, Action.OPEN_LABELING, person=person, settings=settings))
        return confirm_screen(opened[-1], TASK)

    yield open_it
    for one in opened:
        one.close()
