"""Since when a session is idle, and when it ends for that: a pure fold over what its server reports.

A session has two clocks. It is *used* while somebody works in its page, code runs, or a GPU works; what ends it is that
none of that happened for `[sessions] idle_minutes`. Its *GPUs* have a clock of their own, and a longer limit: code that has
run all night on an idle GPU keeps the session in use, but not the node that others wait for.

Only what was reported counts. Of a session that doesn't report, or of GPUs that can't be measured, nothing is known, and
nothing is ended. Reports hold ages instead of times: the clocks of nodes needn't agree with the hub's.

A report is the session's own word. Where code runs as its person (`[sessions] helper`) only the server has the token for it;
elsewhere whoever wants to keep a node can say that it's busy, as they can by letting it compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

GPU_BUSY_PERCENT = 5
"""From here on a GPU counts as working: a desktop's or a watchdog's touch stays below."""

REPORT_SECONDS = 30.0
_PARTS = 4


@dataclass(frozen=True, kw_only=True)
class Use:
    """One report.

    Args:
        unused_s: seconds since somebody last worked in the session's page or a kernel last said something.
        busy: whether a kernel runs code.
        gpu: percent, the most since the report before, of the busiest GPU; None where that isn't known.
    """

    unused_s: float
    busy: bool
    gpu: int | None = None


@dataclass(frozen=True, kw_only=True)
class IdleClock:
    """What the reports so far say; times are aware.

    Attributes:
        at: when the latest came.
        used: when the session was last used.
        gpu_used: when one of its GPUs last worked, or was first measured; None where that isn't known.
        idle_s: seconds in all that passed between two reports without any use.
    """

    at: datetime
    used: datetime
    gpu_used: datetime | None = None
    idle_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """After how long an idle session ends, None for never, and how long before that its people are told."""

    idle: timedelta | None
    gpu_idle: timedelta | None
    notice: timedelta

    @classmethod
    def of(cls, *, idle_minutes: float, gpu_idle_minutes: float, notice_minutes: float) -> Limits:
        """From the site's settings, where 0 is never."""
        return cls(
            idle=timedelta(minutes=idle_minutes) if idle_minutes else None,
            gpu_idle=timedelta(minutes=gpu_idle_minutes) if gpu_idle_minutes else None,
            notice=timedelta(minutes=notice_minutes),
        )

    @property
    def report_s(self) -> float:
        """Seconds between two reports: several in each limit, however short."""
        limits = [limit.total_seconds() / _PARTS for limit in (self.idle, self.gpu_idle) if limit]
        return min([REPORT_SECONDS, *limits])


@dataclass(frozen=True)
class IdleEnd:
    """That an idle session ends at `at`: unused, or (`gpu`) with idle GPUs, since `since`."""

    at: datetime
    since: datetime
    gpu: bool


def after(clock: IdleClock | None, use: Use, at: datetime) -> IdleClock:
    """The clock once `use` was reported at `at`; None is the clock before the first report."""
    works = use.gpu is not None and use.gpu >= GPU_BUSY_PERCENT
    used = at if use.busy or works else at - timedelta(seconds=use.unused_s)
    gpu_used = None
    if use.gpu is not None:
        gpu_used = at if works or clock is None or clock.gpu_used is None else clock.gpu_used
    if clock is None:
        return IdleClock(at=at, used=used, gpu_used=gpu_used)
    idle_s = clock.idle_s if used > clock.at else clock.idle_s + (at - clock.at).total_seconds()
    return IdleClock(at=at, used=max(used, clock.used), gpu_used=gpu_used, idle_s=idle_s)


def is_known(clock: IdleClock, limits: Limits, now: datetime) -> bool:
    """Whether the session still reports: several reports that didn't come mean that nothing is known."""
    return now - clock.at <= timedelta(seconds=_PARTS * limits.report_s)


def idle_end(clock: IdleClock | None, limits: Limits, now: datetime) -> IdleEnd | None:
    """When the session ends if nothing changes, which may have passed; None where it doesn't end for that, or nobody knows."""
    if clock is None or not is_known(clock, limits, now):
        return None
    ends = []
    if limits.idle is not None:
        ends.append(IdleEnd(clock.used + limits.idle, clock.used, gpu=False))
    if limits.gpu_idle is not None and clock.gpu_used is not None:
        ends.append(IdleEnd(clock.gpu_used + limits.gpu_idle, clock.gpu_used, gpu=True))
    return min(ends, key=lambda end: end.at, default=None)
