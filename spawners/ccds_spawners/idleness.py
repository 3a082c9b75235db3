"""A running session's idleness: since when, when it ends for it, and what its people are told before.

Nobody's session ends without notice: however long a session was idle while the hub was away or nothing was reported, its
people are told first, and have the site's whole notice to use it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ccds_kernel.batch.states import JobId
from ccds_kernel.session.idle import IdleClock, IdleEnd, Limits, Use, after, idle_end, is_known
from ccds_kernel.settings import Settings
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.words import at_words

_ABOUT = "idleness"
_NOTE_EVERY_S = 300.0


class Idleness:
    """Of one run of a session.

    Args:
        chronicle: by which its people are told, and its idle time recorded.
        limits: the site's.
        now: the time (UTC).
    """

    def __init__(
        self, chronicle: Chronicle, limits: Limits, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._chronicle = chronicle
        self._limits = limits
        self._now = now
        self._clock: IdleClock | None = None
        self._told = ""
        self._told_at: datetime | None = None
        self._noted_s: float | None = None

    def take(self, use: Use) -> None:
        """Takes a report of the session's server."""
        self._clock = after(self._clock, use, self._now())

    @property
    def since(self) -> datetime | None:
        """When the session was last used (UTC); None where nothing is known."""
        known = self._clock is not None and is_known(self._clock, self._limits, self._now())
        return self._clock.used if self._clock and known else None

    @property
    def end(self) -> IdleEnd | None:
        """When it ends unless it is used; never before its people had their notice. None for not at all, or not known."""
        return self._end_at(self._now())

    def _end_at(self, now: datetime) -> IdleEnd | None:
        end = idle_end(self._clock, self._limits, now)
        if end is None:
            return None
        return IdleEnd(max(end.at, (self._told_at or now) + self._limits.notice), end.since, gpu=end.gpu)

    async def is_over(self) -> bool:
        """Whether the session ends now for its idleness; tells its people when that comes near, and takes it back."""
        now = self._now()
        end = self._end_at(now)
        near = end if end is not None and now >= end.at - self._limits.notice else None
        if near is None:
            if self._told_at is not None:
                self._told, self._told_at = "", None
                await self._chronicle.tell("", about=_ABOUT)
            return False
        if self._told_at is None:
            self._told_at = now
        words = idle_words(near, now.astimezone())
        if words != self._told:
            self._told = words
            await self._chronicle.tell(words, near.at, about=_ABOUT)
        return now >= near.at

    async def note(self, job: JobId, *, last: bool = False) -> None:
        """Records for how long in all nobody used it: every few minutes, and at last."""
        if self._clock is None:
            return
        if not last and self._noted_s is not None and self._clock.idle_s - self._noted_s < _NOTE_EVERY_S:
            return
        self._noted_s = self._clock.idle_s
        gpus_measured = self._clock.gpu_used is not None
        await self._chronicle.idle(job, self._clock.idle_s, gpus_measured=gpus_measured)


def limits_of(settings: Settings) -> Limits:
    """The site's limits."""
    sessions = settings.sessions
    return Limits.of(
        idle_minutes=sessions.idle_minutes,
        gpu_idle_minutes=sessions.gpu_idle_minutes,
        notice_minutes=sessions.idle_notice_minutes,
    )


def idle_words(end: IdleEnd, now: datetime) -> str:
    """The line that a session's people read before it ends; `now` has the site's time zone."""
    at, since = at_words(end.at, now), at_words(end.since, now)
    if end.gpu:
        return (
            f"This session ends at {at}: its GPUs have done nothing since {since}. Use them to keep it, or save your work and "
            "go on in a session without GPUs."
        )
    return f"This session ends at {at}: nobody has used it since {since}. Save your work, or run something to keep it."
