"""Criteria as a page sends them: untrusted, and parsed in places, so that each error is told beside its field."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_widgets import requests

Code = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(max_length=200)]


class CriteriaRequest(requests.Request):
    """Exam codes × study dates; `consecutive` studies of them, or all."""

    codes: Annotated[list[Code], Field(max_length=10_000)]
    first: Annotated[str, Field(max_length=40)]
    last: Annotated[str, Field(max_length=40)]
    consecutive: Annotated[int, Field(ge=1, le=10_000_000)] | None

    def criteria(self) -> Criteria:
        """As a value.

        Raises:
            CcdsError: no exam code, no days, or days in the wrong order.
        """
        return Criteria(frozenset(self.codes), _day(self.first, "first"), _day(self.last, "last"))


def _day(text: str, which: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        found = "none" if not text else "something else"
        raise CcdsError(expected=f"a {which} study date", found=found, do="give the whole date") from None
