"""What the page of the training launcher may ask for: one class per request, checked to the letter.

Types are checked here; whether a number makes sense says `TrainingSpec`, by the name of the field.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_widgets import requests
from ccds_widgets.training.ports import Asked

RunId = Annotated[str, Field(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]


class _Has(requests.Request):
    # What the page has: the metrics of `run` up to byte `offset`.
    run: RunId | None
    offset: Count


class Look(_Has):
    """The runs now, and what the chosen one has told since."""

    kind: Literal["look"]


class Follow(_Has):
    """What the chosen run has told since; the scheduler isn't asked."""

    kind: Literal["follow"]


class Choose(requests.Request):
    """Run `run` is the one whose curve is shown."""

    kind: Literal["choose"]
    run: RunId


class Form(requests.Request):
    """The form's fields."""

    bundle: Annotated[str, Field(min_length=1, max_length=200)]
    epochs: Count
    batch_size: Count
    seed: Count
    image_size: Count | None
    learning_rate: Annotated[float, Field(allow_inf_nan=False)] | None
    gpus: Count

    def asked(self) -> Asked:
        """The same as the port takes it."""
        return Asked(**dict(self))


class Keep(requests.Request):
    """The form stands so; nothing is started."""

    kind: Literal["keep"]
    form: Form


class Launch(requests.Request):
    """A training is started as the form says."""

    kind: Literal["launch"]
    form: Form


class Cancel(requests.Request):
    """Run `run` is to end."""

    kind: Literal["cancel"]
    run: RunId


class Restart(requests.Request):
    """Run `run` is to go on."""

    kind: Literal["restart"]
    run: RunId


Request = Look | Follow | Choose | Keep | Launch | Cancel | Restart

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
