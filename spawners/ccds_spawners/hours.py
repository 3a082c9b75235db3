"""A running session's hours: its people are told before they are over, and may extend them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ccds_kernel.batch.scheduler import Scheduler
from ccds_kernel.batch.states import JobStatus
from ccds_kernel.errors import CcdsError
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.wall_time import WallNotice, check_extension, wall_notice

_ABOUT = "hours"


class Hours:
    """The hours of one run of a session.

    Args:
        chronicle: by which its people are told.
        longest_hours: the most that they may be extended to; 0 where they can't be.
    """

    def __init__(self, chronicle: Chronicle, longest_hours: int) -> None:
        self._chronicle = chronicle
        self._longest_hours = longest_hours
        self._notice: WallNotice | None = None
        self._given: datetime | None = None

    async def tell(self, status: JobStatus) -> None:
        """Tells the session's people, once each time, that its end comes near; takes that back when it doesn't any more."""
        notice = wall_notice(status, datetime.now(UTC), self._longest_hours)
        if notice == self._notice:
            return
        self._notice = notice
        words = notice.words(datetime.now().astimezone()) if notice else ""
        await self._chronicle.tell(words, notice.ends if notice else None, about=_ABOUT)

    async def extend(self, status: JobStatus, minutes: object, scheduler: Scheduler) -> datetime:
        """Gives the session, whose job is as `status` says, `minutes` more; returns when it ends then (UTC).

        Raises:
            CcdsError: no number of minutes, more than the site gives, or the scheduler refuses, or doesn't answer.
        """
        # What was given a moment ago isn't in the scheduler's answer yet.
        ends = max((end for end in (status.wall_ends, self._given) if end), default=None)
        more, ends = check_extension(status, ends, minutes, self._longest_hours)
        before, self._given = self._given, ends
        try:
            await asyncio.to_thread(scheduler.extend, status.id, more)
        except CcdsError:
            self._given = before
            raise
        return ends
