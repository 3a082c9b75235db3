"""What a page may ask for: the base of every widget's requests, checked to the letter.

A request comes from a browser and is untrusted: an unknown key, a wrong type or a number out of range refuses it whole.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ccds_kernel.errors import CcdsError

Known = TypeVar("Known")


class Request(BaseModel):
    """One kind of request; a field `kind` tells them apart."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def parsed(
    content: object,
    known: TypeAdapter[Known],
    *,
    expected: str = "a request that this app knows",
    do: str = "reload the page",
) -> Known:
    """`content`, as it came from the page, as one of the `known` requests; `expected` and `do` are what is said where it isn't.

    Raises:
        CcdsError: it is none. The content isn't quoted: it may hold words of a report.
    """
    try:
        return known.validate_python(content)
    except ValidationError as error:
        place = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        raise CcdsError(
            expected=expected,
            found=f"another one (at {'.'.join(map(str, place))[:80] or 'kind'})",
            do=do,
        ) from None
