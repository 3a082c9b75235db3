"""What the page of the screen Ask may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests
from ccds_widgets.cohort.criteria_request import Code, CriteriaRequest, Name


class Look(requests.Request):
    """How far counting is, or what came of it; and what is kept."""

    kind: Literal["look"]


class Check(requests.Request):
    """Whether an exam code that somebody typed may be chosen."""

    kind: Literal["check"]
    code: Code


class Count(requests.Request):
    """The archive is asked what it has."""

    kind: Literal["count"]
    criteria: CriteriaRequest


class Stop(requests.Request):
    """It isn't asked any further."""

    kind: Literal["stop"]


class Keep(requests.Request):
    """Criteria are kept as the next version of `name`."""

    kind: Literal["keep"]
    name: Name
    criteria: CriteriaRequest


Request = Look | Check | Count | Stop | Keep

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
