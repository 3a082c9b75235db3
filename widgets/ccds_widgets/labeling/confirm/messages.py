"""What the page of the confirming screen may ask for: one class per request, checked to the letter.

A study is named by the lease under which the page was given it, and its study key, so that a page that is older than the lease is
noticed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from ccds_kernel.labeling.confirmation.answer import LONGEST_NOTE, MOST_SECONDS
from ccds_kernel.labeling.confirmation.batch import MOST_OVERLAP
from ccds_kernel.labeling.confirmation.confirming import MOST_AHEAD
from ccds_widgets import requests

MOST_AT_ONCE = 100
"""How many keys one request brings; the page sends the others with the next."""

MOST_STUDIES = 100_000
MOST_WORDS = 10_000
"""More labels than any task has, and more characters than any of them: whether there is such a label the task says."""

RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Key = Annotated[str, Field(max_length=64)]
Id = Annotated[str, Field(min_length=36, max_length=36)]
Word = Annotated[str, Field(max_length=MOST_WORDS)]
Words = Annotated[list[Word], Field(max_length=MOST_WORDS)]
Person = Annotated[str, Field(max_length=64)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Open(requests.Request):
    """Batch `batch` comes on the screen: what was done of it, and the studies that are next."""

    kind: Literal["batch"]
    batch: RowId


class Told(requests.Request):
    """What was said of a study by one key; see `ccds_kernel.labeling.confirmation.answer.Answer`."""

    kind: Literal["confirm", "correct", "skip", "flag", "undo"]
    id: Id
    batch: RowId
    lease: RowId
    study: Key
    seconds: Annotated[float, Field(ge=0, le=100 * MOST_SECONDS)]
    labels: Words | None = None
    note: Annotated[str, Field(max_length=2 * LONGEST_NOTE)] = ""
    undoes: Id | None = None


class Tagged(requests.Request):
    """The strata tags that the person gives a study, in the place of those that they gave it before."""

    kind: Literal["tag"]
    id: Id
    batch: RowId
    lease: RowId
    study: Key
    tags: Words


class Sent(requests.Request):
    """A key of which only the id was looked at: each is read by itself (`parse_key`), so that a bad one holds no other up."""

    model_config = ConfigDict(extra="allow")

    id: Id


class Sync(requests.Request):
    """Keys that the kernel hasn't acknowledged yet, in their order, of whichever batches and tasks.

    `batch` is the one on the screen, if there is one: only of that studies are taken. `have` are its leases that the page holds.
    """

    kind: Literal["sync"]
    batch: RowId | None
    keys: Annotated[list[Sent], Field(max_length=MOST_AT_ONCE)]
    have: Annotated[list[RowId], Field(max_length=MOST_AHEAD)]


class GiveBack(requests.Request):
    """The page is left: others may have the studies of these leases."""

    kind: Literal["give_back"]
    batch: RowId
    leases: Annotated[list[RowId], Field(max_length=MOST_AHEAD)]


class Feedback(requests.Request):
    """The end of a batch: how the person did on the gold studies in it."""

    kind: Literal["feedback"]
    batch: RowId


class Series(requests.Request):
    """The images that there are of a study."""

    kind: Literal["series"]
    study: Key


class Slice(requests.Request):
    """One axial slice; intensities from `low` to `high` become black to white."""

    kind: Literal["slice"]
    study: Key
    series: Annotated[str, Field(max_length=200)]
    number: Annotated[int, Field(ge=0, le=100_000)]
    low: float
    high: float


class Gold(requests.Request):
    """A study comes into the gold set with these labels, or out of it; `seen` is the gold label that the page showed."""

    kind: Literal["gold"]
    study: Key
    labels: Words | None
    seen: Words | None
    note: Annotated[str, Field(max_length=2 * LONGEST_NOTE)] = ""


class Batches(requests.Request):
    """The task's batches, how far they are, and what a new one can be made of."""

    kind: Literal["batches"]


class Make(requests.Request):
    """A new batch of up to `size` studies of the groups of `phrases`; `unmatched` takes those that no phrase decides.

    `gold` is the share of planted studies in the whole batch, `wrong` that of a wrong prefill among these, both in percent.
    """

    kind: Literal["make"]
    name: Annotated[str, Field(max_length=400)]
    phrases: Annotated[list[RowId], Field(max_length=100_000)]
    unmatched: bool
    size: Annotated[int, Field(ge=1, le=MOST_STUDIES)]
    overlap: Annotated[int, Field(ge=1, le=MOST_OVERLAP)]
    gold: Annotated[int, Field(ge=0, le=50)]
    wrong: Percent
    labelers: Annotated[list[Person], Field(max_length=1000)]


class Assign(requests.Request):
    """Somebody may take studies of a batch, or no more."""

    kind: Literal["assign"]
    batch: RowId
    labeler: Person
    assigned: bool


class Remove(requests.Request):
    """A batch that nobody has answered yet is taken away."""

    kind: Literal["remove"]
    batch: RowId


Confirm = Open | Sync | GiveBack | Feedback
Look = Series | Slice
Curate = Gold | Batches | Make | Assign | Remove
Request = Confirm | Look | Curate

_KEYS: TypeAdapter[Told | Tagged] = TypeAdapter(Annotated[Told | Tagged, Field(discriminator="kind")])
_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted: it may hold words of a report.
    """
    return requests.parsed(content, _REQUESTS)


def parse_key(sent: Sent) -> Told | Tagged:
    """One key of a `Sync`.

    Raises:
        CcdsError: it is none, and never will be; it isn't quoted either.
    """
    content = {"id": sent.id, **(sent.model_extra or {})}
    return requests.parsed(
        content, _KEYS, expected="an answer that this app knows", do="reload the page and say it again: it isn't saved"
    )
