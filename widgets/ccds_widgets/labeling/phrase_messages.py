"""The requests that more than one screen of phrases takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ccds_kernel.labeling.phrase import MOST_PHRASES, Phrase
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


class Given(Options):
    """A phrase gets this label. `known`: the page has it among the task's, so that it is no new one; `known_uncertain`: likewise
    the label where it is uncertain.
    """

    known: bool = False
    known_uncertain: bool = False


class Typed(Given):
    """Likewise one that was typed where labels are written out, too. `new_labels`: the person was asked about those that the task
    doesn't have.
    """

    new_labels: bool = False


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


class Change(Given):
    """Phrase `phrase`, which the page showed as `seen`, becomes this. `sure`: the person was asked, where it stands in every
    report.
    """

    kind: Literal["change"]
    phrase: RowId
    seen: Seen
    text: Text
    sure: bool = False


class Remove(requests.Request):
    """Phrase `phrase`, which the page showed as `seen`, is taken off the list."""

    kind: Literal["remove"]
    phrase: RowId
    seen: Seen


class Move(requests.Request):
    """Phrase `phrase`, which the page showed as `seen`, goes elsewhere in its list, which the page showed in this `order`."""

    kind: Literal["move"]
    phrase: RowId
    seen: Seen
    order: Annotated[list[RowId], Field(max_length=MOST_PHRASES)]

    @model_validator(mode="after")
    def _is_of_its_list(self) -> Move:
        if self.phrase not in self.order:
            raise ValueError("a phrase of another list")
        return self
