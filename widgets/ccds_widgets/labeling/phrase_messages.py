"""The requests that more than one screen of phrases takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ccds_kernel.labeling.phrase import Phrase
from ccds_widgets import requests
from ccds_widgets.labeling.among import RowId, Text

Word = Annotated[str, Field(max_length=500)]


class Options(requests.Request):
    """A phrase's label and options, as `Phrase` has them."""

    label: Word
    negatable: bool = False
    uncertain_label: Word | None = None
    excludes: bool = False

    def as_phrase(self, text: str, label: str) -> Phrase:
        """The phrase of these words, under `label`.

        Raises:
            CcdsError: see `Phrase`.
        """
        return Phrase(
            " ".join(text.split()),
            label,
            negatable=self.negatable,
            uncertain_label=self.uncertain_label,
            excludes=self.excludes,
        )


class Seen(Options):
    """A phrase as the page showed it."""

    text: Text

    def phrase(self) -> Phrase:
        """It, letter for letter."""
        return Phrase(
            self.text,
            self.label,
            negatable=self.negatable,
            uncertain_label=self.uncertain_label,
            excludes=self.excludes,
        )


class Change(Options):
    """Phrase `phrase`, which the page showed as `seen`, becomes this. `sure`: the person was asked, where it stands in every
    report.
    """

    kind: Literal["change"]
    phrase: RowId
    seen: Seen
    text: Text
    sure: bool = False
