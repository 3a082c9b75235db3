"""What the page of the quarantine screen may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests
from ccds_widgets.imaging.asked import Begin, Note, Picture, SeriesName, StudyKey


class List(requests.Request):
    """A page of what is in quarantine, from number `begin` on; of one reason, and of one scanner, where these are given."""

    kind: Literal["list"]
    code: Annotated[str, Field(max_length=32)] | None = None
    scanner: Annotated[str, Field(max_length=64)] | None = None
    begin: Begin = 0


class Pass(requests.Request):
    """The reason passes for this series, which is converted again."""

    kind: Literal["pass"]
    study: StudyKey
    series: SeriesName
    note: Note


class Passing(requests.Request):
    """How far the conversion of what was let pass is."""

    kind: Literal["passing"]


class Progress(requests.Request):
    """How far the volumes are."""

    kind: Literal["progress"]


class BeginRun(requests.Request):
    """The volumes of all studies that wait for one."""

    kind: Literal["begin"]


class StopRun(requests.Request):
    """No further study."""

    kind: Literal["stop"]


Request = List | Picture | Pass | Passing | Progress | BeginRun | StopRun

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
