"""What a registry's history says: since when somebody is on a roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.roles import Role


@dataclass(frozen=True)
class Version:
    """An application as it was applied at one time (UTC)."""

    applied: datetime
    application: IrbApplication


def as_of(versions: Sequence[Version], moment: datetime) -> tuple[Version, ...]:
    """The history as it was at `moment`: its last one is the application that was there then; empty before the first."""
    return tuple(version for version in versions if version.applied <= moment)


def on_roster_since(versions: Sequence[Version]) -> dict[tuple[str, Role], datetime]:
    """(Person, role) → since when they stand on the roster without a break, for those on the newest one.

    Args:
        versions: the whole history, oldest first.
    """
    since: dict[tuple[str, Role], datetime] = {}
    for version in versions:
        roster = [(entry.person, entry.role) for entry in version.application.roster]
        since = {pair: since.get(pair, version.applied) for pair in roster}
    return since
