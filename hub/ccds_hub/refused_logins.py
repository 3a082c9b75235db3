"""Refused logins in the site's audit log: every one while they are few, a sum of them when somebody hammers on the door.

A name is written down only where it stands on a roster: people type their password into the wrong field.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from ccds_kernel.audit.events.access import LoginRefused
from ccds_kernel.audit.log import AuditSink

EVENTS_PER_MINUTE = 30


class Reason(StrEnum):
    """Why somebody wasn't let in."""

    WRONG = "wrong name or password"
    NOT_LISTED = "on no roster"
    TOO_OFTEN = "too many tries"


class RefusedLogins:
    """Writes `LoginRefused` events, at most `EVENTS_PER_MINUTE` for each reason, so that a storm of one kind hides no other.

    What was left out is counted in the next event.
    """

    def __init__(self, audit: AuditSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._audit = audit
        self._clock = clock
        self._minute = float("-inf")
        self._written: Counter[Reason] = Counter()
        self._left_out = 0

    def note(self, person: str, reason: Reason) -> None:
        """Writes one refusal down, or counts it; `person` is empty where nobody on a roster is called so.

        Raises:
            CcdsError: the audit log can't be written.
        """
        now = self._clock()
        if now - self._minute >= 60:  # noqa: PLR2004 - a minute
            self._minute = now
            self._written.clear()
        if self._written[reason] >= EVENTS_PER_MINUTE:
            self._left_out += 1
            return
        self._written[reason] += 1
        left_out, self._left_out = self._left_out, 0
        self._audit.write(LoginRefused(person=person, reason=reason, others=left_out))
