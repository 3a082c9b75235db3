"""`[paths]`: where things lie."""

from __future__ import annotations

from itertools import permutations
from typing import Self

from pydantic import Field, model_validator

from ccds_kernel.settings.section import AbsolutePath, Section


class Paths(Section):
    """Where things lie; the layout inside is fixed."""

    registry: AbsolutePath = Field(
        description="IRB applications and their history; written by the service account only"
    )
    projects: AbsolutePath = Field(description="one directory per project")
    audit: AbsolutePath = Field(description="the hash-chained audit log")
    state: AbsolutePath = Field(
        description="the hub's database and secrets, the local scheduler's jobs, homes of sessions without a project"
    )
    clinical: AbsolutePath = Field(
        description="deployed models: predictions and final reports; read and written by the service account only"
    )
    published: AbsolutePath = Field(
        description="what leadership reads: numbers without patient data; written by the service account only, read by the "
        "folder's group"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        # Each has its own owner and permissions; one inside another would lend it the other's.
        for (name, path), (other_name, other) in permutations(self, 2):
            if path.is_relative_to(other):
                raise ValueError(f"{name} lies in {other_name}: the folders must lie beside each other")
        return self
