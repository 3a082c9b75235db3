"""Whether a person may have a session: asked when it starts, and as long as it lives."""

from __future__ import annotations

import contextlib

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import allowed_actions, calendar_day, why_not
from ccds_kernel.irb.site import reads_published, require_leadership
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


def is_revoked(session: SessionName, person: str, settings: Settings) -> bool:
    """Whether it is sure by now that `person` may not have `session`; that refusal is an audit event.

    Only a no counts: a registry or a settings file that can't be read, or that is away, says nothing.
    """
    if session.kind.action is None:
        refused = not reads_published(person, settings_now(settings))
    else:
        try:
            found = registry_of(settings).by_slug(session.project)
        except CcdsError:
            return False
        years = settings.irb.training_years
        action = _asked_for(session, found, person, settings)
        refused = found is not None and why_not(found, person, action, calendar_day(), years) is not None
    if refused:
        with contextlib.suppress(CcdsError):
            open_for(session, person, settings)  # is refused, and the audit log says so
    return refused


def _asked_for(session: SessionName, application: IrbApplication | None, person: str, settings: Settings) -> Action:
    """What `person` must be allowed to do for `session`, which has a project: for an app session one of its apps is enough."""
    years = settings.irb.training_years
    allowed = allowed_actions(application, person, calendar_day(), years) if application else frozenset()
    action = action_of(session.kind, application, allowed)
    assert action is not None  # noqa: S101 - tells mypy what a session with a project has
    return action
