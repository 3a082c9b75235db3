"""Whether a person may have a session: asked when it starts, and as long as it lives."""

from __future__ import annotations

import contextlib

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import allowed_actions, calendar_day, why_not
from ccds_kernel.irb.site import SiteAccessDenied, reads_published, require_leadership
from ccds_kernel.session.apps import action_of
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings, settings_now


def open_for(session: SessionName, person: str, settings: Settings) -> Project | None:
    """Opens the session's project for `person`, as `open_project`; for a session without one asks whether they may have it.

    Raises:
        CcdsError: no such project, or not for this person.
    """
    if session.kind.action is None:
        require_leadership("open the reports", person=person, settings=settings_now(settings))
        return None
    found = registry_of(settings).by_slug(session.project)
    action = _asked_for(session, found, person, settings)
    return open_project(found.id if found else session.project, action, person=person, settings=settings)


def why_revoked(session: SessionName, person: str, settings: Settings) -> CcdsError | None:
    """Why `person` may not have `session` any more; None where they may, or where nobody can say.

    Only a no counts: a registry or a settings file that can't be read, or that is away, says nothing.
    """
    if session.kind.action is None:
        if reads_published(person, settings_now(settings)):
            return None
        return SiteAccessDenied(
            expected="somebody of this site's leadership",
            found=person,
            do="ask one of [hub] administrators in ccds.toml",
        )
    try:
        found = registry_of(settings).by_slug(session.project)
    except CcdsError:
        return None
    if found is None:
        return None
    action = _asked_for(session, found, person, settings)
    return why_not(found, person, action, calendar_day(), settings.irb.training_years)


def note_revoked(session: SessionName, person: str, settings: Settings) -> None:
    """Writes into the audit log that `session` is refused to `person` from now on."""
    with contextlib.suppress(CcdsError):
        open_for(session, person, settings)  # is refused, and that is an event


def _asked_for(session: SessionName, application: IrbApplication | None, person: str, settings: Settings) -> Action:
    """What `person` must be allowed to do for `session`, which has a project: for an app session one of its apps is enough."""
    years = settings.irb.training_years
    allowed = allowed_actions(application, person, calendar_day(), years) if application else frozenset()
    action = action_of(session.kind, application, allowed)
    assert action is not None  # noqa: S101 - tells mypy what a session with a project has
    return action
