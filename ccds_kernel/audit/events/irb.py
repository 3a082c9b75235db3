"""What was done to a project by its IRB application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class ApplicationApplied(Event):
    """An IRB application, or an amendment of it, was applied: the SHA-256 of its content, and how it stands then."""

    from_sessions: ClassVar[bool] = False

    digest: str
    standing: str


@dataclass(frozen=True, kw_only=True)
class MembersChanged(Event):
    """The groups of a project were brought to what its roster says; each change is a person and a group."""

    from_sessions: ClassVar[bool] = False

    granted: tuple[str, ...]
    withdrawn: tuple[str, ...]
