"""The draft as it was applied last: what is shown of it, and the lines that say where that can't be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.draft import check
from ccds_widgets.normalization.full import NOTHING, Full, Wanted
from ccds_widgets.normalization.messages import Draft
from ccds_widgets.normalization.notes import Notes
from ccds_widgets.normalization.results import Result
from ccds_widgets.normalization.showing import Showing


class Applying:
    """What the draft makes of the chosen volumes. One thread at a time; the job beside it has its own.

    Args:
        full: makes the pictures.
        first: the draft until one is applied.
    """

    def __init__(self, full: Full, first: Draft) -> None:
        self._full = full
        self._showing = Showing(full)
        self._notes = Notes(first, check(first), "", several=False)  # of what was applied: what is kept may be newer
        self._recipe: Recipe | None = None
        self._good = NOTHING
        self._chosen: list[str] = []

    def begin(self, draft: Draft, entries: Sequence[VolumeEntry], beside: Callable[[], Recipe | None]) -> None:
        """Begins to apply `draft`. Where that can't be done the last good result stays, and what was wrong is noted.

        Args:
            draft: what is typed.
            entries: the chosen volumes.
            beside: reads the saved recipe beside the draft, if there is one; what it raises is noted.
        """
        checked = check(draft)
        self._recipe = checked.recipe
        self._chosen = [entry.id for entry in entries]
        self._notes = Notes(draft, checked, entries[0].modality if entries else "", several=len(entries) > 1)
        other = None
        try:
            other = beside()
        except CcdsError as error:
            self._notes.beside(error)
        self._showing.begin([Wanted(entry, self._recipe, self._good, other) for entry in entries])

    def again(self) -> None:
        """Begins to make anew the pictures of what is shown, whose room others took."""
        self._showing.again(self._chosen)

    def stop(self) -> None:
        """Makes no more."""
        self._showing.stop()

    def collect(self) -> bool:
        """Takes in what has been made since; whether that is all, and wasn't stopped."""
        worked = self._showing.progress is not None
        for outcome in self._showing.collect():
            self._notes.outcome(outcome)
        if self._showing.progress or self._showing.stopped:
            return False
        if worked:
            self._drop_what_has_no_room()
        self._good = self.whole() or self._good
        return True

    def whole(self) -> Recipe | None:
        """The draft's recipe, where all that is shown is what it makes."""
        shown = self.shown()
        return self._recipe if shown and not any(map(self.is_older, shown)) else None

    def shown(self) -> list[Result]:
        """The results of the chosen volumes, in their order, as far as they are there."""
        return self._showing.of(self._chosen)

    def is_older(self, result: Result) -> bool:
        """Whether what is shown is not what the draft makes of the volume."""
        return self._recipe is None or result.recipe.digest() != self._recipe.digest()

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        progress = self._showing.progress
        return {
            **self._notes.as_json(),
            "results": [self._told(volume) for volume in self._chosen],
            "working": progress.as_json() if progress else None,
            "stopped": self._showing.stopped,
        }

    def _told(self, volume: str) -> dict[str, Any] | None:
        told = self._showing.told(volume)
        if told is None:
            return None
        result, answer = told
        return {**answer, "older": self.is_older(result)}

    def _drop_what_has_no_room(self) -> None:
        """Pictures that take each other's room would be made again and again: rather none of them."""
        for result in self.shown():
            if not self._full.holds(result):
                self._showing.drop(result)
                self._notes.no_room(result.entry)
