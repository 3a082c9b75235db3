"""What an application allows somebody on a day: who, in which role, until when, with which data, trained or not.

Pure: no clock, no registry, no log.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IN_FORCE, IrbApplication
from ccds_kernel.irb.roles import ALLOWED, NEEDS, Access, Action, DataKind, rights_of

TRAINING_YEARS = 3
"""Years after which training has lapsed, where a site's settings say nothing else."""


class ProjectAccessDenied(CcdsError):  # noqa: N818 - named for what a person is told, not for its being an exception
    """Somebody may not do what they asked for; says which check failed and whom to ask."""


def denied(expected: str, found: str, ask: str) -> ProjectAccessDenied:
    """The refusal that says whom to ask."""
    return ProjectAccessDenied(expected=expected, found=found, do=f"ask {ask}")


def why_not(
    application: IrbApplication, person: str, action: Action, today: date, training_years: int = TRAINING_YEARS
) -> ProjectAccessDenied | None:
    """None where `person` may do `action` on day `today`, else what stands against it."""
    refusal = why_shut_out(application, person, today, training_years)
    if refusal is not None:
        return refusal
    ask = f"the principal investigator, {application.pi}"
    entry = application.entry_of(person)
    if entry is None or action not in ALLOWED[entry.role]:
        role = entry.role if entry else "nobody"
        return denied(f"a role that may {action}", f"{person} as {role}", ask)
    if action in NEEDS and NEEDS[action].kind not in application.data:
        return denied(f"an application that covers {NEEDS[action].kind}", ", ".join(application.data), ask)
    return None


def why_shut_out(
    application: IrbApplication, person: str, today: date, training_years: int = TRAINING_YEARS
) -> ProjectAccessDenied | None:
    """None where `person` may be in the project at all on day `today`, whatever for; else what stands against it."""
    ask = f"the principal investigator, {application.pi}"
    entry = application.entry_of(person)
    if entry is None:
        return denied(f"{person} on the roster of {application.id}", "somebody else's names", ask)
    if (standing := application.standing(today)) != IN_FORCE:
        return denied("an application in force", standing, ask)
    if entry.trained > today:
        return denied(f"{person} to be trained", f"training on {entry.trained}", ask)
    if not entry.is_trained(today, training_years):
        return denied(
            f"{person} to be trained within {training_years} years",
            f"training on {entry.trained}, which has lapsed",
            ask,
        )
    return None


def allowed_actions(
    application: IrbApplication, person: str, today: date, training_years: int = TRAINING_YEARS
) -> frozenset[Action]:
    """Every action that `application` allows `person` on day `today`: those of which `why_not` says nothing."""
    entry = application.entry_of(person)
    if entry is None or why_shut_out(application, person, today, training_years):
        return frozenset()
    return frozenset(
        action for action in ALLOWED[entry.role] if action not in NEEDS or NEEDS[action].kind in application.data
    )


def rights_in(
    application: IrbApplication, person: str, today: date, training_years: int = TRAINING_YEARS
) -> dict[DataKind, Access]:
    """What `person` may do with the project's data on day `today`: what the operating system and the database grant them."""
    entry = application.entry_of(person)
    if entry is None or why_shut_out(application, person, today, training_years):
        return {}
    return rights_of(entry.role, application.data)


def projects_of(
    person: str, applications: Iterable[IrbApplication], today: date, training_years: int = TRAINING_YEARS
) -> tuple[tuple[IrbApplication, frozenset[Action]], ...]:
    """Those of `applications` in which `person` may do anything, each with what."""
    asked = ((found, allowed_actions(found, person, today, training_years)) for found in applications)
    return tuple((found, actions) for found, actions in asked if actions)


def calendar_day() -> date:
    """Today where the program runs; by it applications come into force and expire."""
    return date.today()  # noqa: DTZ011 - an application expires by the hospital's calendar, not by UTC
