"""What the page of the cohort view may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests

Count = Annotated[int, Field(ge=0, le=2**53)]


class Look(requests.Request):
    """What was measured since; the page has the first `count` of measuring `turn`."""

    kind: Literal["look"]
    turn: Count
    count: Count


class Recipe(requests.Request):
    """The recipe in `file` is what volumes are shown after; None: none is."""

    kind: Literal["recipe"]
    file: Annotated[str, Field(max_length=200)] | None


class Recipes(requests.Request):
    """Which recipes are saved now."""

    kind: Literal["recipes"]


class Choose(requests.Request):
    """The volume at place `volume` is to be opened in the preview."""

    kind: Literal["choose"]
    volume: Count


Request = Look | Recipe | Recipes | Choose

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
