"""What the page of the airlock's app may ask for: one class per request, checked to the letter.

A request comes from a browser and is untrusted: an unknown key, a wrong type or a text too long refuses it whole.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.airlock.submission import LONGEST_NAME, LONGEST_REASON
from ccds_widgets import requests

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Reason = Annotated[str, Field(max_length=2 * LONGEST_REASON)]
"""Twice the longest, so that one that is too long is told so in the kernel's words."""


class List(requests.Request):
    """The submissions as they are now."""

    kind: Literal["list"]


class Show(requests.Request):
    """One submission, with what a scan of it finds."""

    kind: Literal["show"]
    submission: Id


class Open(requests.Request):
    """What is on page `page`, counted from 0, of file `name` of a submission."""

    kind: Literal["open"]
    submission: Id
    name: Annotated[str, Field(max_length=LONGEST_NAME)]
    page: Annotated[int, Field(ge=0, lt=2**31)] = 0


class GiveVerdict(requests.Request):
    """The person's verdict on the content with that digest, which the page showed.

    `otherwise` says that they looked in another way at what it didn't show to its end.
    """

    kind: Literal["review"]
    submission: Id
    digest: Digest
    verdict: Literal["approve", "refuse"]
    reason: Reason
    otherwise: bool = False


class Withdraw(requests.Request):
    """The author takes it back."""

    kind: Literal["withdraw"]
    submission: Id


Request = List | Show | Open | GiveVerdict | Withdraw

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
