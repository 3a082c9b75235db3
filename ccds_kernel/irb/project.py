"""`open_project()`: the only door to a project's data.

It asks the registry, each time anew: who comes, whether they stand on the roster, what their roles allow, whether the
application is in force and covers that kind of data, and whether they were trained. Whoever is turned away is told which of
these failed and whom to ask. Both are audit events.

Where the program runs without root only these checks hold; the file system's permissions come with the groups of a site.
"""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from ccds_kernel.audit.events import AccessDenied, ApplicationApplied, ProjectOpened
from ccds_kernel.audit.log import AuditSink, FileAuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IN_FORCE, IrbApplication
from ccds_kernel.irb.registry import Registry
from ccds_kernel.irb.roles import ALLOWED, NEEDS, Action, Role
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.settings import Settings, load_settings
from ccds_kernel.store.store import Store, open_store


class ProjectAccessDenied(CcdsError):  # noqa: N818 - named for what a person is told, not for its being an exception
    """Somebody may not do what they asked for; says which check failed and whom to ask."""


@dataclass(frozen=True)
class Project:
    """An open project, for one person. Holds no permission: `require` asks again each time."""

    id: str
    person: str
    folder: Path
    registry: Registry
    audit: AuditSink

    @property
    def application(self) -> IrbApplication:
        """The application in force now.

        Raises:
            ProjectAccessDenied: it is gone.
        """
        application = self.registry.get(self.id)
        if application is None:
            raise _denied("a project of this site", "none of that id", "the administrators of this site")
        return application

    def require(self, action: Action) -> None:
        """Asks again whether this person may do `action` now; an app calls it before everything that it does.

        Raises:
            ProjectAccessDenied: as `open_project`; the refusal is an audit event.
        """
        _check(self.registry, self.audit, self.id, self.person, action)

    @cached_property
    def store(self) -> Store:
        """The project's database, opened on first use."""
        return open_store(self.folder / "project.db")


def current_person() -> str:
    """Who runs this process: inside a session the person that the hub started it for, else the Unix user.

    Raises:
        CcdsError: the Unix user has no name, as in some containers.
    """
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (KeyError, OSError):
        raise CcdsError(
            expected="a user who has a name", found=f"only the number {os.getuid()}", do="run this as a named user"
        ) from None


def open_project(
    project_id: str, action: Action, *, person: str | None = None, settings: Settings | None = None
) -> Project:
    """Opens project `project_id` for `action`.

    Args:
        project_id: the IRB application's id.
        action: what is asked for.
        person: who asks; whoever runs this process, where it isn't given.
        settings: the site's settings; those in force, where they aren't given.

    Raises:
        ProjectAccessDenied: no such project, not on its roster, role, expiry, data kind or training; says which.
        CcdsError: the settings or the registry can't be read, or the audit log can't be written.
    """
    settings = settings or load_settings()
    person = current_person() if person is None else person
    registry, audit = Registry(settings.paths.registry), FileAuditSink(settings.paths.audit)
    application = _check(registry, audit, project_id, person, action)
    audit.write(ProjectOpened(person=person, project=project_id, action=action, roles=application.roles_of(person)))
    return Project(project_id, person, settings.paths.projects / project_id, registry, audit)


def projects_of(person: str, registry: Registry, *, today: date | None = None) -> dict[str, frozenset[Action]]:
    """What `person` may do in which project, for those in which they may do anything. Opens nothing, logs nothing."""
    asked = ((found.id, allowed_actions(found, person, today or calendar_day())) for found in registry.applications())
    return {project_id: actions for project_id, actions in asked if actions}


def allowed_actions(application: IrbApplication, person: str, today: date) -> frozenset[Action]:
    """Every action that `application` allows `person` on day `today`."""
    return frozenset(action for action in Action if why_not(application, person, action, today) is None)


def why_not(application: IrbApplication, person: str, action: Action, today: date) -> CcdsError | None:
    """None where `person` may do `action` on day `today`, else what stands against it."""
    ask = f"the principal investigator, {application.pi}"
    roles = application.roles_of(person)
    if not roles:
        return _denied(f"{person} on the roster of {application.id}", "somebody else's names", ask)
    if (standing := application.standing(today)) != IN_FORCE:
        return _denied("an application in force", standing, ask)
    if not any(action in ALLOWED[role] for role in roles):
        return _denied(f"a role that may {action}", f"{person} as {_listed(roles)}", ask)
    if action in NEEDS and NEEDS[action] not in application.data:
        return _denied(f"an application that covers {NEEDS[action]}", _listed(application.data), ask)
    allowing = [entry for entry in application.roster if entry.person == person and action in ALLOWED[entry.role]]
    if all(entry.trained > today for entry in allowing):
        return _denied(f"{person} to be trained", f"training on {allowing[0].trained}", ask)
    return None


def apply_application(application: IrbApplication, *, person: str, settings: Settings) -> bool:
    """Brings an application, or an amendment, into force and makes its directory; returns whether that changed anything.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: another application's sessions have the same name; or the audit log, the registry or the project directory
            can't be written.
    """
    require_administrator("apply an IRB application", person=person, settings=settings)
    event = ApplicationApplied(person=person, project=application.id, digest=application.digest())
    audit = FileAuditSink(settings.paths.audit)
    changed = Registry(settings.paths.registry).put(application, announce=lambda: audit.write(event))
    folder = settings.paths.projects / application.id
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        (folder / "work").mkdir(exist_ok=True)
    except OSError as error:
        raise CcdsError(
            expected=f"to make {folder}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
    return changed


def _check(registry: Registry, audit: AuditSink, project_id: str, person: str, action: Action) -> IrbApplication:
    application = registry.get(project_id)
    if application is None:
        refusal: CcdsError | None = _denied(
            f"a project that {person} is on", "none of that id", "the administrators of this site"
        )
    else:
        refusal = why_not(application, person, action, calendar_day())
    if refusal is None and application is not None:
        return application
    assert refusal is not None  # noqa: S101 - tells mypy what the two branches above leave
    audit.write(
        AccessDenied(
            person=person,
            project=project_id if application else "",
            action=action,
            reason=f"expected {refusal.expected}; found {refusal.found}",
        )
    )
    raise refusal


def _denied(expected: str, found: str, ask: str) -> ProjectAccessDenied:
    return ProjectAccessDenied(expected=expected, found=found, do=f"ask {ask}")


def _listed(names: tuple[Role, ...] | tuple[str, ...]) -> str:
    return ", ".join(names)


def calendar_day() -> date:
    """Today where the program runs; by it applications come into force and expire."""
    return date.today()  # noqa: DTZ011 - an application expires by the hospital's calendar, not by UTC
