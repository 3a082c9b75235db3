"""An approved IRB application as a value: what may be used, for which dates, by whom, and until when."""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import DataKind, Role
from ccds_kernel.settings import invalid

RESERVED_IDS = frozenset({"clinical", "reports"})
"""Ids that name sessions without a project."""

LONGEST_ID = 19
"""Sessions are named after their project, and the hub takes names of 30 characters: `irb-<id>-lab-99`."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")]
Person = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.-]{0,63}$")]
ExamCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]


class Egress(StrEnum):
    """How results leave the project: not at all, or through the airlock."""

    LOCKED = "locked"
    AIRLOCK = "airlock"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RosterEntry(_Part):
    """One person in one role; `trained` is the day of their last human-subjects training."""

    person: Person
    role: Role
    trained: date


class IrbApplication(_Part):
    """One approved application. `study_dates` are its first and last day, both included."""

    id: Annotated[str, Field(max_length=LONGEST_ID, pattern=r"^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$")]
    title: Name
    pi: Name
    approved: date
    expires: date
    withdrawn: date | None = None
    exam_codes: Annotated[tuple[ExamCode, ...], Field(min_length=1)]
    study_dates: tuple[date, date]
    data: Annotated[tuple[DataKind, ...], Field(min_length=1)]
    egress: Egress
    roster: tuple[RosterEntry, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.id.lower() in RESERVED_IDS:
            raise ValueError(f"id {self.id} is reserved for sessions without a project")
        if self.expires < self.approved:
            raise ValueError(f"expires {self.expires} is before approved {self.approved}")
        if self.study_dates[1] < self.study_dates[0]:
            raise ValueError(f"study_dates end {self.study_dates[1]} before they begin {self.study_dates[0]}")
        pairs = [(entry.person, entry.role) for entry in self.roster]
        twice = next((pair for pair in pairs if pairs.count(pair) > 1), None)
        if twice:
            raise ValueError(f"{twice[0]} stands on the roster twice as {twice[1]}")
        return self

    @property
    def slug(self) -> str:
        """The id as session names hold it: lower case, beginning with a letter."""
        lowered = self.id.lower()
        return f"irb-{lowered}" if lowered[0].isdigit() else lowered

    def roles_of(self, person: str) -> tuple[Role, ...]:
        """The roles in which `person` stands on the roster, in its order; empty where they don't."""
        return tuple(entry.role for entry in self.roster if entry.person == person)

    def to_yaml(self) -> str:
        """The application as `irb.yaml`; read back it is equal to this one."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)

    def digest(self) -> str:
        """SHA-256 of the content, the same for two files that say the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def read_application(path: Path) -> IrbApplication:
    """Reads and validates an `irb.yaml`.

    Raises:
        CcdsError: it can't be read, is no YAML, or a key is missing, unknown or wrong; the message names the key.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}", found=error.strerror or "an error", do="name a readable irb.yaml"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CcdsError(expected=f"YAML in UTF-8 in {path}", found=str(error), do="mend that line") from None
    try:
        return IrbApplication.model_validate(values)
    except ValidationError as error:
        raise invalid(path, error) from None
