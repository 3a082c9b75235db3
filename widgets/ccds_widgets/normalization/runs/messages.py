"""What the run page may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests
from ccds_widgets.normalization.runs.ports import Where

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
By = Annotated[Where, Field(strict=False)]


class Look(requests.Request):
    """How the runs are now."""

    kind: Literal["look"]


class Choose(requests.Request):
    """The run whose details are shown."""

    kind: Literal["choose"]
    run: Digest


class Begin(requests.Request):
    """The saved recipe in `file` is run over all volumes."""

    kind: Literal["begin"]
    file: Annotated[str, Field(max_length=200)]
    where: By


class GoOn(requests.Request):
    """A run does the rest; with `again` volumes in quarantine, too."""

    kind: Literal["go_on"]
    run: Digest
    where: By
    again: bool


class Stop(requests.Request):
    """A run is to stop."""

    kind: Literal["stop"]
    run: Digest


Request = Look | Choose | Begin | GoOn | Stop

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
