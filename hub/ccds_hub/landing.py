"""The home page: what this person may do, project by project, and their sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.project import projects_of
from ccds_kernel.irb.registry import Registry
from ccds_kernel.irb.roles import Action
from ccds_kernel.session.name import SessionKind, SessionName

MOST_LABS = 9


@dataclass(frozen=True)
class Tile:
    """One thing that a person may do in a project.

    Args:
        kind: the session that it needs.
        session: the name of that session.
        title: what it is, as the button says.
        text: what it is for.
        running: whether the session is there already, so that the tile opens it.
        further: for a lab session that runs: the name under which one more would start; empty when there is no more.
    """

    kind: SessionKind
    session: str
    title: str
    text: str
    running: bool
    further: str = ""


@dataclass(frozen=True)
class ProjectTiles:
    """One project with its tiles."""

    id: str
    title: str
    pi: str
    roles: tuple[str, ...]
    data: tuple[str, ...]
    study_dates: tuple[date, date]
    expires: date
    tiles: tuple[Tile, ...]


_TEXTS = {
    SessionKind.APP: ("Label reports", "Turn report phrases into labels, and see what each one captures."),
    SessionKind.LAB: ("JupyterLab", "A session on a compute node, with GPUs, in your folder of this project."),
}


def project_tiles(
    application: IrbApplication, actions: frozenset[Action], person: str, live: frozenset[str]
) -> ProjectTiles:
    """The tiles of one project for `person`, who may do `actions` there and whose sessions `live` run or start."""
    tiles = []
    for kind in (SessionKind.APP, SessionKind.LAB):
        if kind.action in actions:
            first = str(SessionName(application.slug, kind))
            title, text = _TEXTS[kind]
            tiles.append(Tile(kind, first, title, text, first in live, _further(application.slug, kind, live)))
    return ProjectTiles(
        application.id, application.title, application.pi, application.roles_of(person), application.data,
        application.study_dates, application.expires, tuple(tiles),
    )  # fmt: skip


def home(registry: Registry) -> Callable[[Any], tuple[ProjectTiles, ...]]:
    """A function that the hub calls for each page: from its user to their projects; nobody has none."""

    def projects(user: Any) -> tuple[ProjectTiles, ...]:  # noqa: ANN401 - JupyterHub has no type hints
        if user is None:
            return ()
        live = frozenset(name for name, spawner in user.spawners.items() if name and spawner.active)
        offered = projects_of(user.name, registry)
        applications = ((registry.get(project_id), actions) for project_id, actions in offered.items())
        return tuple(project_tiles(found, actions, user.name, live) for found, actions in applications if found)

    return projects


def _further(slug: str, kind: SessionKind, live: frozenset[str]) -> str:
    if kind is not SessionKind.LAB or str(SessionName(slug, kind)) not in live:
        return ""
    names = (str(SessionName(slug, kind, number)) for number in range(2, MOST_LABS + 1))
    return next((name for name in names if name not in live), "")
