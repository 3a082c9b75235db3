"""One session as it went: who asked for what, when it came, in which classes it stood, and how it ended."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId


class HowEnded(enum.StrEnum):
    """How a session ended.

    Members:
        BY_ITSELF: its server went away: closed from within, or it failed; `SessionRecord.said` has more.
        NOT_STARTED: it ended before it was up: refused by the scheduler, or it failed while it started.
        CANCELLED: its person called it off while it waited or started.
        STOPPED: its person, or an administrator, stopped it.
        WALL_TIME: its hours were over.
        IDLE: nobody used it.
        PREEMPTED: the scheduler took its node for somebody else.
        NODE_LOST: its node went away.
        REVOKED: its person may not have it any more.
        UNKNOWN: it has ended, and nobody knows how.
    """

    BY_ITSELF = "by_itself"
    NOT_STARTED = "not_started"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    WALL_TIME = "wall_time"
    IDLE = "idle"
    PREEMPTED = "preempted"
    NODE_LOST = "node_lost"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """One session's run; times are UTC and aware, None where that hasn't come (yet).

    Attributes:
        person: who asked for it.
        project: the id of its project; empty for a session of the whole site.
        session: its name.
        job: its job.
        classes: when it stood in which priority class, the first at its submission.
        submitted: when the scheduler took it.
        gpus: how many it asked for.
        gpu_model: the model asked for; None for any.
        cores: how many it asked for; 0 where that wasn't recorded.
        hours: the wall time asked for.
        image: the name of the image asked for; None for the site's own installation.
        started: when its job began to run.
        node: where.
        ended: when it was over.
        how: how it ended.
        said: in one line, what the scheduler or its log said of the end; empty where nothing.
        idle_s: seconds in all in which nobody used it; None where that was never measured.
        gpus_measured: whether the use of its GPUs was measured for that; else a GPU that worked may count as unused.
    """

    person: str
    project: str
    session: str
    job: JobId
    submitted: datetime
    classes: tuple[tuple[datetime, PriorityClass], ...]
    gpus: int = 0
    gpu_model: str | None = None
    cores: int = 0
    hours: float = 0.0
    image: str | None = None
    started: datetime | None = None
    node: str | None = None
    ended: datetime | None = None
    how: HowEnded | None = None
    said: str = ""
    idle_s: float | None = None
    gpus_measured: bool = False

    @property
    def priority_class(self) -> PriorityClass:
        """Its class at last."""
        return self.classes[-1][1]
