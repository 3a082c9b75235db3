"""A project that a test opens as several people."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings
from support.postgresql import in_session

OpenAs = Callable[..., Project]
"""Opens the project as a person, for an action or for the usual one."""


@contextmanager
def opening(project_id: str, settings: Settings, usual: Action) -> Iterator[OpenAs]:
    """Opens a project for the `usual` action where no other one is given; in the end each is closed.

    Its database is opened at once: on a server as a session of that person's in the project would.
    """
    with ExitStack() as opened:

        def open_it(person: str, action: Action = usual) -> Project:
            project = opened.enter_context(closing(open_project(project_id, action, person=person, settings=settings)))
            with in_session(settings, project_id, person):
                project.store.close()  # it opens again by itself, with what it was opened with here
            return project

        yield open_it
