"""The report on the cluster, and its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class ClusterPublished(Event):
    """The report on the cluster was published; `digest` is the SHA-256 of the file."""

    from_sessions: ClassVar[bool] = False

    digest: str


@dataclass(frozen=True, kw_only=True)
class ClusterRead(Event):
    """Somebody was shown the report on the cluster."""


@dataclass(frozen=True, kw_only=True)
class NodeMovedBack(Event):
    """A node that somebody had moved to another class by hand, past the hub, was moved back; so often since the event before."""

    from_sessions: ClassVar[bool] = False

    session: str
    was: str
    to: str
    times: int
