"""The doors of the whole site, where no project is concerned: who administers it, who reads what is published, and who writes
use-case cards.

The lists stand in `ccds.toml`. A caller hands in the settings as they are now, so that whoever is taken off a list is turned
away at once. Leadership reads numbers without patient data and has no right inside a project; no role on a roster opens
this door.
"""

from __future__ import annotations

from collections.abc import Collection

from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.site import audit_sink
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings


class SiteAccessDenied(CcdsError):  # noqa: N818 - named for what a person is told, not for its being an exception
    """Somebody may not do what they asked for at this site; says which check failed and whom to ask."""


def reads_published(person: str, settings: Settings) -> bool:
    """Whether `person` may read what is published (of models, of the cluster): leadership, administrators. Logs nothing."""
    return person in settings.hub.leadership or person in settings.hub.administrators


def writes_use_cases(person: str, settings: Settings) -> bool:
    """Whether `person` may write use-case cards: the fellows and champions whom the site names, administrators. Logs nothing."""
    return person in settings.usecase.authors or person in settings.hub.administrators


def require_administrator(action: str, *, person: str, settings: Settings) -> None:
    """Makes sure that `person` administers the site; `action` says what for.

    Raises:
        SiteAccessDenied: they don't; the refusal is an audit event of the site.
        CcdsError: the audit log can't be written.
    """
    if person not in settings.hub.administrators:
        raise _denied("an administrator of this site", action, person=person, settings=settings)


def require_leadership(action: str, *, person: str, settings: Settings) -> None:
    """Makes sure that `person` may read what is published; `action` says what for.

    Raises:
        SiteAccessDenied: they may not; the refusal is an audit event of the site.
        CcdsError: the audit log can't be written.
    """
    if not reads_published(person, settings):
        raise _denied("somebody of this site's leadership", action, person=person, settings=settings)


def require_use_case_author(
    action: str, *, person: str, settings: Settings, team: Collection[str] | None = None
) -> None:
    """Makes sure that `person` may write use-case cards; `action` says what for.

    A card that is there is changed by those of its `team` who may write cards, and by administrators.

    Raises:
        SiteAccessDenied: they may not; the refusal is an audit event of the site.
        CcdsError: the audit log can't be written.
    """
    if not writes_use_cases(person, settings):
        raise _denied("somebody who writes this site's use-case cards", action, person=person, settings=settings)
    if team is not None and person not in {*team, *settings.hub.administrators}:
        raise _denied("somebody of the card's team", action, person=person, settings=settings)


def require_use_case_reader(action: str, *, person: str, settings: Settings) -> None:
    """Makes sure that `person` may read use-case cards: who writes them, and who reads what is published.

    Raises:
        SiteAccessDenied: they may not; the refusal is an audit event of the site.
        CcdsError: the audit log can't be written.
    """
    if not (writes_use_cases(person, settings) or reads_published(person, settings)):
        raise _denied(
            "somebody who writes or reads this site's use-case cards", action, person=person, settings=settings
        )


def _denied(expected: str, action: str, *, person: str, settings: Settings) -> SiteAccessDenied:
    """The refusal, which is in the audit log already."""
    reason = f"expected {expected}; found {person}"
    audit_sink(settings).write(AccessDenied(person=person, action=action, reason=reason))
    ask = "ask one of [hub] administrators in ccds.toml"
    return SiteAccessDenied(expected=expected, found=person, do=ask)
