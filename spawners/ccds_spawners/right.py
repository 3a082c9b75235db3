"""A running session's right to live: it ends, with a notice before, once its person may not have it any more."""

from __future__ import annotations

import asyncio
import time

from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.rights import note_revoked, why_revoked

NOTICE_SECONDS = 15
"""How long a session's people read that it ends, and why, before it does. Every new look at its data is refused already; a
process that runs keeps the Unix groups that it began with until it is ended."""


class Right:
    """The right of one run of a session.

    Args:
        session: the session.
        person: whose it is.
        settings: the site's settings.
        chronicle: by which its people are told.
    """

    def __init__(self, session: SessionName, person: str, settings: Settings, chronicle: Chronicle) -> None:
        self._session = session
        self._person = person
        self._settings = settings
        self._chronicle = chronicle
        self._revoked_at = 0.0

    @property
    def revoked(self) -> bool:
        """Whether the person may not have it any more, as of the last look."""
        return bool(self._revoked_at)

    async def is_over(self) -> bool:
        """False while its person may have the session, and for as long after that as they are told."""
        why = await asyncio.to_thread(why_revoked, self._session, self._person, self._settings)
        if why is None:
            if self._revoked_at:
                self._revoked_at = 0.0
                await self._chronicle.tell("")
            return False
        if not self._revoked_at:
            self._revoked_at = time.monotonic()
            await self._chronicle.close_database()
            await asyncio.to_thread(note_revoked, self._session, self._person, self._settings)
            await self._chronicle.tell(f"This session ends now: {why.found}. What lies in the project stays; {why.do}.")
        return time.monotonic() - self._revoked_at >= NOTICE_SECONDS
