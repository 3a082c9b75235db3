"""A worker's run, as the project's database tells it: who works, since when, how fast, and whether it is still alive. Pure.

A worker gives a sign of life every few seconds. One that was killed gives none any more: what it left as running isn't. Rejected:
asking the staging folder's lock, which people who look at a queue can't reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_LINE = 400

SILENT = timedelta(seconds=90)
"""After so long without a sign a worker counts as gone: three times as long as it waits at most between two."""


class Life(StrEnum):
    """How a worker is.

    Members:
        WORKING: it gave a sign of life lately.
        GONE: it gave none for long, and didn't say that it ended.
        ENDED: it ended by itself.
    """

    WORKING = "working"
    GONE = "gone"
    ENDED = "ended"


@dataclass(frozen=True)
class Run:
    """The latest run of a project's worker.

    Attributes:
        person: who runs it: somebody who asked for studies, or the site.
        begun_at: in UTC, as all times here, by the clock of the worker's machine.
        seen_at: when it gave the last sign of life.
        received: bytes since it began.
        bytes_per_s: lately; None before it is known.
        ended_at: None as long as it hasn't ended by itself.
        why: what ended it before the queue was empty, one line.
        stops: whether it is asked to end.
    """

    person: str
    begun_at: datetime
    seen_at: datetime
    received: int
    bytes_per_s: float | None
    ended_at: datetime | None
    why: str | None
    stops: bool

    def as_json(self, now: datetime) -> dict[str, object]:
        """The object `worker` of `ccds imaging status --json`."""
        return {
            "state": self.life(now).value,
            "person": self.person,
            "begun_at": self.begun_at.isoformat(),
            "seen_at": self.seen_at.isoformat(),
            "received": self.received,
            "bytes_per_second": self.bytes_per_s,
            "why": self.why,
        }

    def life(self, now: datetime) -> Life:
        """How the worker is at `now`."""
        if self.ended_at is not None:
            return Life.ENDED
        return Life.WORKING if now - self.seen_at < SILENT else Life.GONE
