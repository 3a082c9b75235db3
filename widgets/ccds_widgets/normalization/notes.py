"""The lines that stand beside a draft, its volumes and a saved recipe: what is wrong with them, what isn't sensible."""

from __future__ import annotations

from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.base import sentence
from ccds_widgets.normalization.draft import Checked, advise, as_json, plain
from ccds_widgets.normalization.full import Outcome
from ccds_widgets.normalization.messages import Draft

_NO_ROOM = (
    "Expected memory for all pictures side by side; found too little; show fewer, or take a session with more memory."
)


class Notes:
    """What is noted of one draft.

    Args:
        draft: what was applied.
        checked: the same, checked.
        modality: of the first volume.
        several: whether several volumes are shown, so that a line must say of which it is.
    """

    def __init__(self, draft: Draft, checked: Checked, modality: str, *, several: bool) -> None:
        self._draft, self._places, self._several = draft, checked.places, several
        self._errors = [sentence(error) if error else None for error in checked.errors]
        self._advice = advise(checked, modality)
        self._volumes: dict[str, str] = {}
        self._output: str | None = None
        self._beside: str | None = None

    def outcome(self, outcome: Outcome) -> None:
        """What was wrong when a volume was made."""
        entry = outcome.wanted.entry
        if outcome.volume_error:
            self._volumes[entry.id] = sentence(outcome.volume_error)
        if outcome.beside_error:
            self._beside = self._of_study(entry, outcome.beside_error)
        match outcome.recipe_error:
            case StepError() as error:
                self._errors[self._places[error.place - 1]] = self._of_study(entry, plain(error))
            case CcdsError() as error:
                self._output = self._of_study(entry, error)

    def beside(self, error: CcdsError) -> None:
        """The saved recipe can't be read."""
        self._beside = sentence(error)

    def no_room(self, entry: VolumeEntry) -> None:
        """There is no memory for the pictures of `entry` beside the others."""
        self._volumes[entry.id] = _NO_ROOM

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "draft": as_json(self._draft, self._errors, self._advice),
            "trouble": {"volumes": self._volumes, "output": self._output, "beside": self._beside},
        }

    def _of_study(self, entry: VolumeEntry, error: CcdsError) -> str:
        named = f"Study {entry.study[:8]}…: " if self._several else ""
        return named + sentence(error)
