"""What every audit event says: who, in which project; the log adds when (UTC).

The kinds are in `events/`, a file for each stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict


@dataclass(frozen=True, kw_only=True)
class Event:
    """Who did something in which project; `project` is empty for what concerns the whole site."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # for the daemon, which reads events from strangers

    from_sessions: ClassVar[bool] = True
    """Whether a session or job may write it; what only services and administrators do, the daemon takes from neither."""

    is_denial: ClassVar[bool] = False
    """Whether somebody was turned away."""

    person: str
    project: str = ""
