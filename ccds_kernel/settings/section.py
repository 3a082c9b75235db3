"""What every section of a `ccds.toml` shares."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return Path(os.path.normpath(path))


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
PERSON = r"^[a-z_][a-z0-9_.-]{0,63}$"


def _person(name: str) -> str:
    if not re.fullmatch(PERSON, name):
        raise ValueError("must be a login name: small letters, digits and ._-, the first a letter")
    return name


Person = Annotated[str, AfterValidator(_person)]
"""A person's name as the hub and the operating system know it."""

Port = Annotated[int, Field(ge=1, le=65535, strict=True)]


class Section(BaseModel):
    """One section: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
