"""What is on the screen of a preview: the results of the chosen volumes, and the job that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ccds_widgets.normalization.full import Full, Outcome, Wanted
from ccds_widgets.normalization.jobs import ROOM, Job, Progress
from ccds_widgets.normalization.results import Result

_SOON_S = 0.1
"""So long an answer waits for the work that it begins: small volumes then need no second request."""


class Showing:
    """Results by volume. One thread at a time; the job beside it has its own.

    Args:
        full: makes the pictures.
    """

    def __init__(self, full: Full) -> None:
        self._full = full
        self._results: dict[str, Result] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._revision = 0
        self._job: Job[Outcome] | None = None
        self._taken = 0
        self.stopped = False
        """Whether the last job was stopped, so that what is shown is older than what was wanted."""
        self._older = False  # whether it is so again once what is shown has been made anew

    def begin(self, wanted: Sequence[Wanted]) -> None:
        """Begins to make these, in place of what is being made; what there is stays until then."""
        self._begin(wanted)
        self._older = False

    def again(self, volumes: Sequence[str]) -> None:
        """Begins to make anew what is shown of these, whose pictures others took the room of; unless something is being made."""
        if self.progress is None:
            older = self._older or self.stopped
            self._begin([Wanted(one.entry, one.recipe, one.recipe, one.beside) for one in self.of(volumes)])
            self._older = older

    def _begin(self, wanted: Sequence[Wanted]) -> None:
        before = self._job
        if before is not None:
            before.stop()
        self._taken, self.stopped = 0, False
        self._job = Job([partial(self._full.make, one) for one in wanted], before, room=ROOM)
        self._job.wait(_SOON_S)

    def stop(self) -> None:
        """Makes no more, if anything is being made; what has no pictures any more, as nobody makes them now, isn't shown."""
        if self._job is not None:
            self._job.stop()
            self.stopped = True
            self._results = {volume: one for volume, one in self._results.items() if self._full.holds(one)}

    @property
    def progress(self) -> Progress | None:
        """How far the job is; None where there is none that anybody waits for."""
        return self._job.progress if self._job and not self.stopped else None

    def collect(self) -> list[Outcome]:
        """What the job has made since it was asked last, taken in.

        Raises:
            Exception: the job ended by a defect of ours.
        """
        job = self._job
        if job is None:
            return []
        done = job.done  # before its outcomes are counted
        new = [] if self.stopped else job.made[self._taken :]
        self._taken += len(new)
        for outcome in new:
            self._take(outcome)
        if done:
            self._job = None
            self.stopped |= self._older
            if job.failed is not None:
                raise job.failed
        return new

    def drop(self, result: Result) -> None:
        """Shows it no more."""
        self._results.pop(result.entry.id, None)

    def of(self, volumes: Sequence[str]) -> list[Result]:
        """The results of these volumes, in their order, as far as they are there."""
        return [self._results[name] for name in volumes if name in self._results]

    def told(self, volume: str) -> tuple[Result, dict[str, Any]] | None:
        """The result of a volume, and as the page takes it."""
        return (self._results[volume], self._told[volume]) if volume in self._results else None

    def _take(self, outcome: Outcome) -> None:
        entry, made = outcome.wanted.entry, outcome.result
        if made is None:
            self._results.pop(entry.id, None)
            return
        there = self._results.get(entry.id)
        if there is None or there.made_of() != made.made_of():
            self._revision += 1
            self._results[entry.id] = replace(made, revision=self._revision)
            self._told[entry.id] = {**(outcome.told or {}), "revision": self._revision}
