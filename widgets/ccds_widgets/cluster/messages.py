"""What the page of the cluster app may ask for, checked to the letter: a request comes from a browser and is untrusted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests


class Show(requests.Request):
    """Periods of length `grain`, and of these `period` by a name that the page was given; None for the newest that is over."""

    kind: Literal["show"]
    grain: Literal["month", "week", "day"]
    period: Annotated[str, Field(max_length=10)] | None


_REQUESTS: TypeAdapter[Show] = TypeAdapter(Show)


def parse(content: object) -> Show:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
