"""What the page of the annotate screen may ask for: one class per request, checked to the letter.

A request comes from a browser and is untrusted: an unknown key, a wrong type or a number out of range refuses it whole.
A report is named by its number (0 … n - 1) and its study key, so that a page that is older than the list is noticed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.labeling.phrase import LONGEST
from ccds_widgets import requests

Index = Annotated[int, Field(ge=0, le=10**9)]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Words = Annotated[str, Field(min_length=1, max_length=2 * LONGEST)]
"""Twice the longest phrase, so that a selection that is too long is told so by `Phrase`, in its words."""


class Window(requests.Request):
    """The reports around report `report`, or around the next one that is captured by phrase `phrase`.

    `matched` takes all reports that the phrase matches, not only those that it captures. `revision` is the list's that the
    page has.
    """

    kind: Literal["window"]
    report: Index
    phrase: RowId | None = None
    matched: bool = False
    revision: int = -1


class _Selection(requests.Request):
    report: Index
    key: Annotated[str, Field(max_length=64)]
    section: Index
    text: Words


class Preview(_Selection):
    """What the selected words would do as a phrase."""

    kind: Literal["preview"]


class Insert(_Selection):
    """The selected words become a phrase with `label`, at the end of the list or at its begin."""

    kind: Literal["insert"]
    label: Annotated[str, Field(max_length=200)]
    place: Literal["last", "first"]


class Remove(requests.Request):
    """Phrase `phrase` is taken off the list; `report` is the one on the screen."""

    kind: Literal["remove"]
    phrase: RowId
    report: Index


class Move(requests.Request):
    """Phrase `phrase` goes `by` places towards the end of the list, or towards its begin if negative."""

    kind: Literal["move"]
    phrase: RowId
    by: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
    report: Index


class Undo(requests.Request):
    """The phrase that was removed last comes back."""

    kind: Literal["undo"]
    report: Index


Request = Window | Preview | Insert | Remove | Move | Undo

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted: it may hold words of a report.
    """
    return requests.parsed(content, _REQUESTS)
