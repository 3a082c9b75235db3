"""The rules of the cluster app: what a page may see. No SQL, no network, no files, no browser.

Whoever asks is permitted anew before each answer, by the port. A period is looked up among those of the report that is published
now; one that is no longer in it, as after a night, gives way to the newest that is over.
"""

from __future__ import annotations

from typing import Any

from ccds_kernel.cluster.period import Grain
from ccds_widgets.cluster import messages
from ccds_widgets.cluster.ports import Cluster
from ccds_widgets.cluster.screen import screen

Answer = dict[str, Any]


class ClusterModel:
    """One person's look at the report.

    Args:
        cluster: what is published.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def start(self) -> Answer:
        """What the page shows first: the newest month that is over, or the running one where none is."""
        return self._answer(Grain.MONTH, None)

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused.
        """
        wanted = messages.parse(content)
        return self._answer(Grain(wanted.grain), wanted.period)

    def _answer(self, grain: Grain, period: str | None) -> Answer:
        report = self._cluster.read()
        return {"screen": screen(report, grain, period) if report else None}
