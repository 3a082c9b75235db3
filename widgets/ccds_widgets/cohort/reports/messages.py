"""What the page of the screen Reports may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests
from ccds_widgets.cohort.criteria_request import Code, CriteriaRequest, Name


class Check(requests.Request):
    """Whether an exam code that somebody typed may be chosen."""

    kind: Literal["check"]
    code: Code


class Count(requests.Request):
    """How many reports meet criteria."""

    kind: Literal["count"]
    criteria: CriteriaRequest


class Keep(requests.Request):
    """Criteria are kept as the cohort `name`, for good."""

    kind: Literal["keep"]
    name: Name
    criteria: CriteriaRequest


class Take(requests.Request):
    """Which reports cohort `name` has now is kept as a snapshot."""

    kind: Literal["take"]
    name: Name


Request = Check | Count | Keep | Take

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
