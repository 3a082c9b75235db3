"""How far a run is, counted while it runs."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ccds_kernel.workflow.manifest import Record, State
from ccds_kernel.workflow.progress import Progress, RunState

_LATELY_S = 60.0
"""What the rate is the mean of, where it was a run for so long."""

_FEWEST = 2
"""Outcomes before a rate is told."""


@dataclass
class Tally:
    """The counts of one run.

    Args:
        start: its progress before anything is done.
        clock: seconds that only go forward.
    """

    start: Progress
    clock: Callable[[], float] = time.monotonic
    _failed: Counter[str] = field(default_factory=Counter)
    _quarantined: int = 0
    _kept: int = 0
    _done: int = 0
    _lately: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._lately.append((self.clock(), 0))

    def keep(self, record: Record) -> None:
        """Counts an item whose outcome an earlier run came to."""
        if record.state is State.DONE:
            self._kept += 1
        else:
            self._fail(record)

    def settle(self, record: Record) -> None:
        """Counts an item that this run brought to an outcome."""
        if record.state is State.DONE:
            self._done += 1
        else:
            self._fail(record)
        now, (_, before) = self.clock(), self._lately[-1]
        self._lately.append((now, before + 1))
        while len(self._lately) > _FEWEST and now - self._lately[1][0] > _LATELY_S:
            self._lately.popleft()

    def progress(self, running: int, waiting: int, workers: int) -> Progress:
        """How far it is now."""
        rate = self._rate()
        return replace(
            self.start,
            seen_at=datetime.now(UTC),
            done_before=self._kept,
            done=self._done,
            failed=self._failed.total(),
            quarantined=self._quarantined,
            running=running,
            waiting=waiting,
            workers=workers,
            reasons=dict(self._failed.most_common()),
            per_s=rate and round(rate, 6),
            seconds_left=round((running + waiting) / rate, 1) if rate else None,
        )

    def _fail(self, record: Record) -> None:
        self._failed[record.failure.reason if record.failure else ""] += 1
        self._quarantined += record.failure is not None and record.failure.is_quarantined

    def _rate(self) -> float | None:
        (since, before), (_, now) = self._lately[0], self._lately[-1]
        passed = self.clock() - since
        return (now - before) / passed if now - before >= _FEWEST and passed > 0 else None


def begun(operator: str, digest: str, engine: str, person: str, total: int) -> Progress:
    """The progress of a run that begins now."""
    now = datetime.now(UTC)
    return Progress(
        operator=operator,
        digest=digest,
        engine=engine,
        person=person,
        state=RunState.RUNNING,
        begun_at=now,
        seen_at=now,
        total=total,
        waiting=total,
    )
