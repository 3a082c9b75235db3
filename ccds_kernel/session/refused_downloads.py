"""What becomes of refused downloads: audit events, one for each kind of route, and no more than one a minute.

The first refusal is an event at once. What follows within a minute is counted, and told as one event when the minute is over: a
loop that asks ten thousand times fills no disk, and is seen as ten thousand. No event names a path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ccds_kernel.audit.events.access import DownloadRefused

SECONDS = 60.0


@dataclass
class RefusedDownloads:
    """The refusals of one session.

    Args:
        person: whose session it is.
        project: the session's project.
        write: takes an event.
        later: calls a function after so many seconds.
    """

    person: str
    project: str
    write: Callable[[DownloadRefused], None]
    later: Callable[[float, Callable[[], None]], object]
    _waiting: Counter[str] = field(default_factory=Counter)

    def note(self, route: str) -> None:
        """A download by `route`, one word for how it was asked for, was refused."""
        if route in self._waiting:
            self._waiting[route] += 1
            return
        self._waiting[route] = 0
        self._tell(route, 1)
        self.later(SECONDS, lambda: self._minute_over(route))

    def flush(self) -> None:
        """Tells what was counted and not told yet."""
        for route, times in self._waiting.items():
            if times:
                self._tell(route, times)
        self._waiting.clear()

    def _minute_over(self, route: str) -> None:
        times = self._waiting.pop(route, 0)
        if times:
            self._tell(route, times)

    def _tell(self, route: str, times: int) -> None:
        self.write(DownloadRefused(person=self.person, project=self.project, route=route, times=times))
