"""The door itself: `open_project`, in a process of a session."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.settings import Settings
from support.matrix import ACTIONS, Cell, any_of, in_standing, name_of
from support.site import ADMINISTRATOR, act_as, site_settings, write_settings

PROJECT = "CHEST-1"


class DoorLayer:
    """It knows every action; what it says is in the audit log."""

    def __init__(self, settings: Settings, environment: pytest.MonkeyPatch) -> None:
        self.things = {action: any_of(action) for action in ACTIONS}
        self._settings = settings
        self._environment = environment

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """As the session of each person."""
        apply_application(in_standing(PROJECT, standing), person=ADMINISTRATOR, settings=self._settings)
        found = {}
        for role in roles:
            act_as(self._environment, name_of(role), PROJECT)
            for action in ACTIONS:
                found[role, action] = _opens(action)
        return found

    def events(self) -> list[tuple[str, str, str]]:
        """Event, person and action of every entry about somebody at the door."""
        entries = FileAuditSink(self._settings.paths.audit).entries(PROJECT)
        return [(one["event"], one["person"], one["detail"]["action"]) for one in entries if "action" in one["detail"]]


@contextmanager
def door_layer(folder: Path) -> Iterator[DoorLayer]:
    """The door of a site in `folder`."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CCDS_CONFIG", str(write_settings(folder)))
        yield DoorLayer(site_settings(folder), environment)


def _opens(action: str) -> bool:
    try:
        open_project(PROJECT, Action(action))
    except ProjectAccessDenied:
        return False
    return True
