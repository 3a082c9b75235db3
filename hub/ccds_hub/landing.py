"""The home page: what this person may do, project by project, and their sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import calendar_day, projects_of, rights_in, why_shut_out
from ccds_kernel.irb.site import reads_published
from ccds_kernel.session.apps import APPS, apps_for
from ccds_kernel.session.name import SessionKind, SessionName
from ccds_kernel.settings import Settings, settings_now
from ccds_spawners.contents import ContentsCounter
from ccds_spawners.seen import Seen, seen_by

MOST_LABS = 9
REPORTS = SessionName("", SessionKind.REPORTS)


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
        page: the app of an app session that the tile opens; empty for the one that the session opens with.
        note: what the person should know before they start it; empty for nothing.
    """

    kind: SessionKind
    session: str
    title: str
    text: str
    running: bool
    further: str = ""
    page: str = ""
    note: str = ""


@dataclass(frozen=True)
class ProjectTiles:
    """One project with its tiles."""

    id: str
    title: str
    pi: str
    role: str
    sees: Seen
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Shut:
    """A project on whose roster a person stands, and that is closed to them: why, and whom to ask."""

    title: str
    why: str
    do: str


@dataclass(frozen=True)
class Home:
    """What a person's home page offers: projects, and what belongs to the whole site."""

    projects: tuple[ProjectTiles, ...] = ()
    site: tuple[Tile, ...] = ()
    shut: tuple[Shut, ...] = ()


_TEXTS: Mapping[str, tuple[str, str]] = {
    SessionKind.REPORTS: (
        "Deployed models",
        "What the models say beside the final reports, month by month. Numbers only, no patients.",
    ),
    "cluster": ("Cluster", "Who used the GPUs for what, how long nodes were waited for, and how idle they were."),
    "labeling": (
        "Label reports",
        "Turn report phrases into labels, see what each one captures, and who confirms them how well.",
    ),
    Action.CONFIRM_STUDIES: ("Confirm labels", "Say of one study after another whether its label is right."),
    "cohort": (
        "Cohort",
        "Count studies and reports by exam code and month, keep what you chose, fetch images from the archive.",
    ),
    "imaging": (
        "Images",
        "Look at volumes and correct masks; which series becomes a study's volume, and what is in quarantine.",
    ),
    "airlock": ("Airlock", "Review what is to leave the project, and see how your own results stand."),
    SessionKind.LAB: ("JupyterLab", "A session on a compute node, with GPUs, in your folder of this project."),
}


def project_tiles(
    application: IrbApplication, actions: frozenset[Action], person: str, live: frozenset[str], sees: Seen
) -> ProjectTiles:
    """The tiles of one project for `person`, who may do `actions` there, whose sessions `live` run or start and see `sees`."""
    entry = application.entry_of(person)
    session = SessionName(application.slug, SessionKind.APP)
    tiles = [
        _tile(session, live, app=app, first=not at, told=_called(app, actions))
        for at, app in enumerate(apps_for(application, actions))
    ]
    if SessionKind.LAB.action in actions:
        lab = SessionName(application.slug, SessionKind.LAB)
        tiles.append(replace(_tile(lab, live, further=_further(lab, live)), note=_other_nodes(lab, live)))
    return ProjectTiles(
        application.id, application.title, application.pi, entry.role if entry else "", sees, tuple(tiles)
    )


def site_tiles(live: frozenset[str]) -> tuple[Tile, ...]:
    """The tiles of who reads what is published, whose sessions `live` run or start."""
    _, *others = APPS[SessionKind.REPORTS]
    return (_tile(REPORTS, live), *(_tile(REPORTS, live, app=app, first=False) for app in others))


def home(settings: Settings, contents: ContentsCounter) -> Callable[[Any], Home]:
    """A function that the hub calls for each page: from its user to what they may do; nobody may anything."""
    registry = registry_of(settings)
    for application in registry.applications():
        contents.known(application.id)  # begins to count, so that the first page has it

    def sees(application: IrbApplication, person: str) -> Seen:
        rights = rights_in(application, person, calendar_day(), registry.training_years)
        return seen_by(application, rights, contents.known(application.id))

    def offered(user: Any) -> Home:  # noqa: ANN401 - JupyterHub has no type hints
        if user is None:
            return Home()
        live = frozenset(name for name, spawner in user.spawners.items() if name and spawner.active)
        applications, today = registry.applications(), calendar_day()
        mine = projects_of(user.name, applications, today, registry.training_years)
        return Home(
            tuple(project_tiles(found, actions, user.name, live, sees(found, user.name)) for found, actions in mine),
            site_tiles(live) if reads_published(user.name, settings_now(settings)) else (),
            tuple(
                Shut(found.title, why.found, why.do)
                for found in applications
                if found.entry_of(user.name)
                and (why := why_shut_out(found, user.name, today, registry.training_years)) is not None
            ),
        )

    return offered


def _tile(
    session: SessionName, live: frozenset[str], *, app: str = "", first: bool = True, further: str = "", told: str = ""
) -> Tile:
    title, text = _TEXTS[told or app or session.kind]
    return Tile(session.kind, str(session), title, text, str(session) in live, further, "" if first else app)


def _called(app: str, actions: frozenset[Action]) -> str:
    """The words for an app: it may be something else for one person than for another."""
    only_confirms = app == "labeling" and Action.READ_REPORTS not in actions
    return Action.CONFIRM_STUDIES if only_confirms else app


def _further(lab: SessionName, live: frozenset[str]) -> str:
    if str(lab) not in live:
        return ""
    names = (str(replace(lab, number=number)) for number in range(2, MOST_LABS + 1))
    return next((name for name in names if name not in live), "")


def _other_nodes(lab: SessionName, live: frozenset[str]) -> str:
    """That a start would make a further node, where the person has another one, in whatever project."""
    if str(lab) in live:
        return ""
    others = [SessionName.parse(name) for name in sorted(live)]
    labs = [other for other in others if other.kind is SessionKind.LAB]
    if not labs:
        return ""
    here = [f"JupyterLab {other.number}" for other in labs if other.project == lab.project]
    there = f"{' and '.join(here)} of this project" if here else "one of another project"
    has = "nodes" if len(here) > 1 else "a node"
    return f"You have {has} already: {there}. One more is a further node, of low priority."
