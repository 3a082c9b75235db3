"""`open_project()`: the only door to a project's data.

It asks the registry, each time anew: who comes, whether they stand on the roster, what their role allows, whether the
application is in force and covers that kind of data, and whether their training counts. Whoever is turned away is told which of
these failed and whom to ask. Both are audit events.

These checks say no politely. Where a site has a group directory the file system and the database say the same to whoever goes
around them (`reconcile`); where it has none, only these hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ccds_kernel.audit.events.access import AccessDenied, ProjectOpened
from ccds_kernel.audit.log import AuditSink
from ccds_kernel.audit.site import audit_sink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.database import open_airlock_database, open_database
from ccds_kernel.irb.identity import ForgedIdentityError, Identity, identity
from ccds_kernel.irb.registry import Registry, registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied, calendar_day, denied, why_not
from ccds_kernel.settings import Settings, load_settings
from ccds_kernel.store.store import Store


@dataclass(frozen=True)
class Project:
    """An open project, for one person. Holds no permission: `require` asks again each time."""

    id: str
    person: str
    folder: Path
    registry: Registry
    audit: AuditSink
    settings: Settings = field(repr=False)

    @property
    def application(self) -> IrbApplication:
        """The application in force now.

        Raises:
            ProjectAccessDenied: it is gone.
        """
        application = self.registry.get(self.id)
        if application is None:
            raise denied("a project of this site", "none of that id", "the administrators of this site")
        return application

    def require(self, action: Action) -> None:
        """Asks again whether this person may do `action` now; an app calls it before everything that it does.

        Raises:
            ProjectAccessDenied: as `open_project`; the refusal is an audit event.
        """
        _check(self.registry, self.audit, self.id, self.person, action)

    def may(self, action: Action) -> bool:
        """Whether `require` would let this person do `action` now: for what a screen offers; nothing is logged.

        Raises:
            CcdsError: the registry can't be read.
        """
        application = self.registry.get(self.id)
        if application is None:
            return False
        return why_not(application, self.person, action, calendar_day(), self.registry.training_years) is None

    @cached_property
    def store(self) -> Store:
        """The project's database, opened on first use: see `open_database`."""
        return open_database(self.id, self.settings)

    @cached_property
    def airlock_store(self) -> Store:
        """Where the rows of its submissions lie: see `open_airlock_database`. Opened on first use."""
        return open_airlock_database(self.id, self.settings)

    def close(self) -> None:
        """Closes what was opened of its databases; they open again when they are used again."""
        for name in ("store", "airlock_store"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()


def current_person(settings: Settings) -> str:
    """Who runs this process: see `identity`. A forged name is an audit event.

    Raises:
        CcdsError: the environment names somebody else, or the Unix user has no name.
    """
    return _identity("run a command", settings).person


def open_project(
    project_id: str, action: Action, *, person: str | None = None, settings: Settings | None = None
) -> Project:
    """Opens project `project_id` for `action`.

    Args:
        project_id: the IRB application's id.
        action: what is asked for.
        person: who asks, for a caller that knows it for sure (the hub); whoever runs this process, where it isn't given.
        settings: the site's settings; those in force, where they aren't given.

    Raises:
        ProjectAccessDenied: no such project, not this session's, not on its roster, role, expiry, data kind or training; says
            which.
        CcdsError: the environment names somebody else; settings or registry can't be read; the audit log can't be written.
    """
    settings = settings or load_settings()
    registry, audit = registry_of(settings), audit_sink(settings)
    in_session = False
    if person is None:
        who = _identity(action, settings)
        person, in_session = who.person, who.project is not None
        if who.project is not None and who.project != project_id:
            refusal = denied(
                "this session's own project", "another one", "for a session of that project on the hub's home page"
            )
            _log_refusal(audit, person, who.project, action, refusal)
            raise refusal
    application = _check(registry, audit, project_id, person, action, in_session=in_session)
    entry = application.entry_of(person)
    audit.write(ProjectOpened(person=person, project=project_id, action=action, role=entry.role if entry else ""))
    return Project(project_id, person, settings.paths.projects / project_id, registry, audit, settings)


def _identity(action: str, settings: Settings) -> Identity:
    try:
        return identity(settings)
    except ForgedIdentityError as error:
        _log_refusal(audit_sink(settings), error.person, error.project, action, error)
        raise


def _check(
    registry: Registry, audit: AuditSink, project_id: str, person: str, action: Action, *, in_session: bool = False
) -> IrbApplication:
    known = True
    try:
        application = registry.get(project_id)
        if application is None:
            known = False
            raise denied(f"a project that {person} is on", "none of that id", "the administrators of this site")
        refusal = why_not(application, person, action, calendar_day(), registry.training_years)
        if refusal is not None:
            raise refusal
    except ProjectAccessDenied as error:
        # What isn't there is named in no chain: it may be anything. A session's own project is the hub's word.
        _log_refusal(audit, person, project_id if known or in_session else "", action, error)
        raise
    return application


def _log_refusal(audit: AuditSink, person: str, project_id: str, action: str, refusal: CcdsError) -> None:
    reason = f"expected {refusal.expected}; found {refusal.found}"
    audit.write(AccessDenied(person=person, project=project_id, action=action, reason=reason))
