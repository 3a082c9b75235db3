"""The rules of the monitoring app: what a page may see. No SQL, no network, no files, no browser.

Whoever asks is permitted anew before each answer, by the port. A release is named by what the page was given, and looked up
among those that are published now: nothing that the page sends becomes a path.
"""

from __future__ import annotations

from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.monitoring.release import ReleaseId
from ccds_widgets.monitoring import messages
from ccds_widgets.monitoring.ports import Numbers
from ccds_widgets.monitoring.screen import screen

Answer = dict[str, Any]


class MonitoringModel:
    """One person's look at what is published.

    Args:
        numbers: what is published.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def start(self) -> Answer:
        """What the page shows first: the only release, or the names to choose from."""
        releases = self._numbers.releases()
        return self._answer(releases, releases[0] if len(releases) == 1 else None)

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused.
        """
        releases = self._numbers.releases()  # permits, before anything is looked at
        wanted = messages.parse(content).release
        which = next((one for one in releases if str(one) == wanted), None)
        if which is None:
            raise CcdsError(
                expected="a release of which something is published",
                found="none of that name",
                do="reload the page and choose again",
            )
        return self._answer(releases, which)

    def _answer(self, releases: tuple[ReleaseId, ...], which: ReleaseId | None) -> Answer:
        return {
            "releases": [{"name": str(one), "model": one.model, "version": one.version} for one in releases],
            "screen": screen(self._numbers.read(which)) if which else None,
        }
