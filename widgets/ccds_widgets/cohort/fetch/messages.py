"""What the page of the screen Fetch may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.imaging.retrieval.request import LONGEST_CAUSE
from ccds_widgets import requests

Named = Annotated[str, Field(min_length=1, max_length=60)]
"""Criteria by name and version, such as `heads-v2`."""
StudyKey = Annotated[str, Field(min_length=1, max_length=40)]
Which = Literal["missing", "waiting", "running", "arrived"]


class Look(requests.Request):
    """How far the queue is, and one list of its studies: those of `which` (for `cause`) from place `begin` on, or of one key."""

    kind: Literal["look"]
    which: Which
    begin: Annotated[int, Field(ge=0, le=10**9)] = 0
    cause: Annotated[str, Field(max_length=LONGEST_CAUSE)] | None = None
    study: StudyKey | None = None


class Ask(requests.Request):
    """The archive is asked what there is of criteria that are kept, before they are put into the queue."""

    kind: Literal["ask"]
    named: Named


class Stop(requests.Request):
    """It isn't asked any further."""

    kind: Literal["stop"]


class Drop(requests.Request):
    """What was asked for isn't put into the queue."""

    kind: Literal["drop"]


class Put(requests.Request):
    """What the archive answered about criteria with that digest goes into the queue."""

    kind: Literal["put"]
    digest: Annotated[str, Field(max_length=64)]


class Leave(requests.Request):
    """The site is to ask the archive about criteria that are kept, and to fetch."""

    kind: Literal["leave"]
    named: Named


class Single(requests.Request):
    """The study with that accession number, which no answer and no message repeats, is asked for ahead of all others."""

    kind: Literal["single"]
    accession: Annotated[str, Field(min_length=1, max_length=200)]


class Fetch(requests.Request):
    """A worker starts."""

    kind: Literal["fetch"]


class Halt(requests.Request):
    """The worker is to end."""

    kind: Literal["halt"]


class Retry(requests.Request):
    """A study that failed waits again, or all that did."""

    kind: Literal["retry"]
    study: StudyKey | None


class Hurry(requests.Request):
    """A study goes ahead of all others."""

    kind: Literal["hurry"]
    study: StudyKey


Request = Look | Ask | Stop | Drop | Put | Leave | Single | Fetch | Halt | Retry | Hurry

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
