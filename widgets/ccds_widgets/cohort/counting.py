"""Asking the archive in a thread beside the page's requests: how far it is, stopping it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from ccds_kernel.imaging.retrieval.asking import Asked, AskingStopped, Progress
from ccds_kernel.imaging.retrieval.findings import Findings
from ccds_widgets.beside import Beside

Answer = dict[str, Any]


class Counting:
    """At most one asking at a time."""

    def __init__(self) -> None:
        self._work: Beside[Findings | None] = Beside()
        self._stopped = Event()
        self._asked: Asked | None = None

    @property
    def busy(self) -> bool:
        """Whether one was begun and not collected."""
        return self._work.busy

    def begin(self, ask: Callable[[Progress], Findings]) -> None:
        """Begins to `ask`; nothing where somebody asks already."""
        if self._work.busy:
            return
        self._stopped.clear()
        self._asked = None
        self._work.begin(lambda: self._ask(ask))

    def stop(self) -> None:
        """Ends it with the archive's next answer."""
        self._stopped.set()

    def collect(self) -> Findings | None:
        """What came of it, once; None as long as it goes on, or where it was stopped.

        Raises:
            whatever asking raised.
        """
        return self._work.collect()

    def shown(self) -> Answer | None:
        """How far it is, for the page; None where nobody asks."""
        if not self._work.busy:
            return None
        asked = self._asked
        if asked is None:
            return {"month": None, "months": None, "done": 0, "studies": 0, "stops": self._stopped.is_set()}
        return {
            "month": f"{asked.month:%Y-%m}",
            "months": asked.months,
            "done": asked.done,
            "studies": asked.studies,
            "stops": self._stopped.is_set(),
        }

    def _ask(self, ask: Callable[[Progress], Findings]) -> Findings | None:
        try:
            return ask(self._progress)
        except AskingStopped:
            return None

    def _progress(self, asked: Asked) -> None:
        self._asked = asked
        if self._stopped.is_set():
            raise AskingStopped(expected="to go on", found="a stop", do="ask again")
