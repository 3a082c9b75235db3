"""What the page of the prioritise screen may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.labeling.tasks.task import MOST_LABELS
from ccds_widgets import requests
from ccds_widgets.labeling import phrase_messages
from ccds_widgets.labeling.among import Among, Index, RowId, Text
from ccds_widgets.labeling.phrase_messages import Options, Typed, Word


class Try(requests.Request):
    """What the list would capture with phrase `phrase` at `position`, before it is dropped there."""

    kind: Literal["try"]
    phrase: RowId
    position: Index


class TryChange(Options):
    """What phrase `phrase` would match and capture with other words, label or options."""

    kind: Literal["try change"]
    phrase: RowId
    text: Text


class Edit(phrase_messages.Change, Typed):
    """Phrase `phrase` becomes this: other words, label or options."""


class Move(phrase_messages.Move):
    """A phrase goes to `position` of its list."""

    position: Index


class Add(Typed):
    """Words that were typed become a phrase below the list of their label."""

    kind: Literal["add"]
    text: Text
    sure: bool = False


class Remove(phrase_messages.Remove):
    """A phrase is taken off the list."""


class Undo(requests.Request):
    """This person's newest change is taken back."""

    kind: Literal["undo"]


class Redo(requests.Request):
    """What this person took back last is done again."""

    kind: Literal["redo"]


class Reports(requests.Request):
    """A page of reports, from the `begin`-th of those wanted."""

    kind: Literal["reports"]
    among: Among
    begin: Index


class Conflicts(requests.Request):
    """Which phrase hides which other one that would give another label."""

    kind: Literal["conflicts"]


class History(requests.Request):
    """Who changed what, from the `begin`-th change back."""

    kind: Literal["history"]
    begin: Index


class Copy(requests.Request):
    """The phrases of task `source` are put below the list. `sure`: the person was asked, where one stands in every report."""

    kind: Literal["copy"]
    source: RowId
    sure: bool = False


class Labels(requests.Request):
    """The task's labels, which the page showed as `seen`, become these, in this order."""

    kind: Literal["labels"]
    names: Annotated[list[Word], Field(max_length=MOST_LABELS + 1)]
    seen: list[Word]


Looking = Try | TryChange | Reports | Conflicts | History
"""What changes nothing."""

Editing = Move | Add | Edit | Remove
Changing = Editing | Undo | Redo | Copy | Labels

_REQUESTS: TypeAdapter[Looking | Changing] = TypeAdapter(Annotated[Looking | Changing, Field(discriminator="kind")])


def parse(content: object) -> Looking | Changing:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted: it may hold words of a report.
    """
    return requests.parsed(content, _REQUESTS)
