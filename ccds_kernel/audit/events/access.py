"""Who came in, and who was turned away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class ProjectOpened(Event):
    """Somebody came through the door: the action for which, and the role that allowed it."""

    action: str
    role: str


@dataclass(frozen=True, kw_only=True)
class AccessDenied(Event):
    """Somebody was turned away, and why."""

    is_denial: ClassVar[bool] = True

    action: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LoginRefused(Event):
    """Somebody wasn't let into the hub; `person` is empty where no roster has such a name. `others` were left out before it."""

    from_sessions: ClassVar[bool] = False
    is_denial: ClassVar[bool] = True

    reason: str
    others: int


@dataclass(frozen=True, kw_only=True)
class DownloadRefused(Event):
    """A lab session refused a download: by which kind of route, and how many times (at most one event a minute for each)."""

    is_denial: ClassVar[bool] = True

    route: str
    times: int
