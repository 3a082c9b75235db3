"""What the page of the assess screen may ask for: one class per request, checked to the letter.

A study is named by its key, and a final word comes with the one that the page showed until then, so that two fellows who decide
at once notice each other.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.labeling.confirmation.answer import LONGEST_NOTE
from ccds_widgets import requests

Index = Annotated[int, Field(ge=0, le=10**9)]
Study = Annotated[str, Field(min_length=1, max_length=64)]
Said = Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(max_length=1_000)]
"""More than any task has: which labels there are, the task says."""


class Agreement(requests.Request):
    """How labelers agree on question number `question` of the overview."""

    kind: Literal["agreement"]
    question: Index


class Labelers(requests.Request):
    """Each labeler against the gold set and over time."""

    kind: Literal["labelers"]


class Batches(requests.Request):
    """Who is assigned what, and how far they are."""

    kind: Literal["batches"]


class Cases(requests.Request):
    """The studies of list `which`, from place `begin` on."""

    kind: Literal["cases"]
    which: Literal["disputed", "flagged", "skipped", "decided", "refused"]
    begin: Index


class Case(requests.Request):
    """One study: its report, what each said, the final word."""

    kind: Literal["case"]
    study: Study


class Decide(requests.Request):
    """The final word about a study: these labels; None takes it back. `seen` is the word that the page shows now."""

    kind: Literal["decide"]
    study: Study
    labels: Said | None
    seen: Said | None
    note: Annotated[str, Field(max_length=2 * LONGEST_NOTE)] = ""


class Undo(requests.Request):
    """This session's newest final word is taken back."""

    kind: Literal["undo"]


class Redo(requests.Request):
    """What was undone last is said again."""

    kind: Literal["redo"]


class LabelsNow(requests.Request):
    """What a label snapshot would say now, worked out anew where `anew`, and the snapshots that there are."""

    kind: Literal["labels"]
    anew: bool = False


class Take(requests.Request):
    """A label snapshot is taken."""

    kind: Literal["take"]


Request = Agreement | Labelers | Batches | Cases | Case | Decide | Undo | Redo | LabelsNow | Take

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted: it may hold words of a report.
    """
    return requests.parsed(content, _REQUESTS)
