"""What the page of the monitoring app may ask for, checked to the letter: a request comes from a browser and is untrusted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.errors import CcdsError


class Show(BaseModel):
    """The numbers of release `release`, by a name that the page was given."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["show"]
    release: Annotated[str, Field(max_length=100)]


def parse(content: object) -> Show:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    try:
        return Show.model_validate(content)
    except ValidationError:
        raise CcdsError(expected="a request that this app knows", found="another one", do="reload the page") from None
