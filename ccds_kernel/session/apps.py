"""Which Voilà apps a session serves, and to whom: each app has its own door, and this says which doors are shown.

A project's app session is one session with several pages. Whoever may open one of them may have it; what they may not open isn't
served to them, and each app asks again for itself before it shows anything.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import Egress, IrbApplication
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import allowed_actions, calendar_day
from ccds_kernel.session.name import SessionKind, SessionName
from ccds_kernel.settings import load_settings

APPS: Mapping[SessionKind, tuple[str, ...]] = {
    SessionKind.APP: ("labeling", "cohort", "imaging", "airlock"),
    SessionKind.REPORTS: ("monitoring", "cluster"),
}
"""The notebooks that a session of each kind may serve; the first that is open to its person is what it opens with."""

OPENED_BY: Mapping[str, tuple[Action, ...]] = {
    "labeling": (Action.OPEN_LABELING,),
    "cohort": (Action.READ_IMAGES, Action.READ_REPORTS),
    "imaging": (Action.READ_IMAGES,),
    "airlock": (Action.SUBMIT_RESULTS, Action.REVIEW_RESULTS),
}
"""App of a project → the actions of which one opens it."""


def apps_for(application: IrbApplication, allowed: Collection[Action]) -> dict[str, Action]:
    """App → the action that opens it, for those of a project's apps that are open to who is `allowed` so much there.

    The airlock is open where anything may leave the project at all.
    """
    found: dict[str, Action] = {}
    for app in APPS[SessionKind.APP]:
        opening = next((action for action in OPENED_BY[app] if action in allowed), None)
        if opening and (app != "airlock" or application.egress is Egress.AIRLOCK):
            found[app] = opening
    return found


def action_of(kind: SessionKind, application: IrbApplication | None, allowed: Collection[Action]) -> Action | None:
    """What is asked for at the project's door by who wants a session of `kind`; None where it has no project.

    Args:
        kind: the session's.
        application: the project's, where there is one.
        allowed: what the person may do in it.
    """
    if kind is SessionKind.APP and application is not None:
        return next(iter(apps_for(application, allowed).values()), kind.action)
    return kind.action


def apps_of_this_session() -> tuple[str, ...]:
    """The apps that this session serves: of those of its kind the ones that are open to the person that the hub started it for.

    Raises:
        CcdsError: it has no session's name, none is open to that person, or settings or registry can't be read.
        KeyError: it is a session of code, or none at all.
    """
    session = SessionName.parse(os.environ["CCDS_SESSION"])
    apps = APPS[session.kind]
    if not session.project:
        return apps
    registry = registry_of(load_settings())
    application = registry.by_slug(session.project)
    person = os.environ["JUPYTERHUB_USER"]  # only which pages are there hangs on it: each app asks who really comes
    allowed = (
        allowed_actions(application, person, calendar_day(), registry.training_years) if application else frozenset()
    )
    found = tuple(apps_for(application, allowed)) if application else ()
    if not found:
        raise CcdsError(
            expected="an app of the project that is open to this person", found="none", do="start it from the home page"
        )
    return found
