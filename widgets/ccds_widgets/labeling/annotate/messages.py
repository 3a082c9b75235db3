"""What the page of the annotate screen may ask for: one class per request, checked to the letter.

A request comes from a browser and is untrusted: an unknown key, a wrong type or a number out of range refuses it whole.
A report is named by its number (0 … n - 1) and its study key, so that a page that is older than the list is noticed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.labeling.phrase import LONGEST
from ccds_widgets import requests
from ccds_widgets.labeling import phrase_messages
from ccds_widgets.labeling.among import Among, Index, RowId
from ccds_widgets.labeling.phrase_messages import Change, Given, Typed, Word

Words = Annotated[str, Field(min_length=1, max_length=2 * LONGEST)]
"""Twice the longest phrase, so that a selection that is too long is told so by `Phrase`, in its words."""


class Window(requests.Request):
    """The reports around report `report`, or around the next one after it that is among those wanted.

    `revision` is the list's that the page has.
    """

    kind: Literal["window"]
    report: Index
    among: Among | None = None
    revision: int = -1


class _Selection(requests.Request):
    report: Index
    key: Annotated[str, Field(max_length=64)]
    section: Index
    text: Words


class Preview(_Selection):
    """What the selected words would do as a phrase with these options, in the list of each label."""

    kind: Literal["preview"]
    negatable: bool = False
    uncertain_label: Word | None = None
    excludes: bool = False


class Insert(_Selection, Typed):
    """The selected words become a phrase, at the end of the list or at its begin.

    `sure`: the person was asked, where they stand in every report.
    """

    kind: Literal["insert"]
    place: Literal["last", "first"]
    sure: bool = False


class Accept(Given):
    """A suggested phrase comes to `position` of its label's list; `report` is the one on the screen."""

    kind: Literal["accept"]
    text: Words
    position: Index
    report: Index
    sure: bool = False


class ChangeHere(Change, Typed):
    """A phrase's words, label or options are changed; `report` is the one on the screen."""

    report: Index


class RemoveHere(phrase_messages.Remove):
    """A phrase is taken off the list; `report` is the one on the screen."""

    report: Index


class Move(phrase_messages.Move):
    """A phrase goes `by` places towards the end of its list, or towards its begin if negative; `report` is on the screen."""

    by: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
    report: Index


class Undo(requests.Request):
    """This person's newest change is taken back."""

    kind: Literal["undo"]
    report: Index


class Redo(requests.Request):
    """What this person took back last is done again."""

    kind: Literal["redo"]
    report: Index


class Suggest(requests.Request):
    """Phrases that would settle reports as `label`, and that would correct false ones: to `instead`, where labels exclude each
    other.
    """

    kind: Literal["suggest"]
    label: Word
    instead: Word | None = None


class Weigh(requests.Request):
    """What the option "not if negated" would change of a suggestion of `label`."""

    kind: Literal["weigh"]
    text: Words
    label: Word
    position: Index


class WeighListed(requests.Request):
    """What the option "not if negated" would change of a phrase of the list."""

    kind: Literal["weigh listed"]
    phrase: RowId


Looking = Window | Preview | Suggest | Weigh | WeighListed
"""What changes nothing."""

Adding = Insert | Accept
Changing = Adding | ChangeHere | RemoveHere | Move | Undo | Redo

_REQUESTS: TypeAdapter[Looking | Changing] = TypeAdapter(Annotated[Looking | Changing, Field(discriminator="kind")])


def parse(content: object) -> Looking | Changing:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted: it may hold words of a report.
    """
    return requests.parsed(content, _REQUESTS)
