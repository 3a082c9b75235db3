"""Sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class SessionStarted(Event):
    """A session is handed to the scheduler."""

    from_sessions: ClassVar[bool] = False

    session: str


@dataclass(frozen=True, kw_only=True)
class SessionEnded(Event):
    """A session is known to have ended; `reason` says whether by itself, by its person or for lack of a right."""

    from_sessions: ClassVar[bool] = False

    session: str
    reason: str
