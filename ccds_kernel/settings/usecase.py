"""`[usecase]`: who writes use-case cards, and by what they are ranked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from ccds_kernel.settings.section import Person, Section

Criterion = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]
Weight = Annotated[int, Field(ge=1, le=100, strict=True)]


class UseCaseSettings(Section):
    """Who writes use-case cards, and by what they are ranked."""

    authors: tuple[Person, ...] = Field(
        (), description="the fellows and champions who may write use-case cards; administrators may as well"
    )
    weights: Annotated[Mapping[Criterion, Weight], Field(min_length=1)] = Field(
        {"impact": 3, "feasibility": 2, "data": 2, "champion": 1},
        description="what a use case is scored for, from 1 to 5 each, and how much each counts",
    )
