"""An approved IRB application as a value: what may be used, for which dates, by whom, and until when."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ccds_kernel.irb.roles import DataKind, Role
from ccds_kernel.irb.yaml_file import read_checked
from ccds_kernel.settings import Person

RESERVED_IDS = frozenset({"clinical", "reports"})
"""Ids that name sessions without a project."""

RESERVED_ENDINGS = ("-images", "-images-w", "-rows", "-reports")
"""How no id ends: a project's groups are named by its id and these, and would be another project's."""

ID = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
"""The form of an id. It names folders, so that nothing else is ever looked up."""

LONGEST_ID = 19
"""Sessions are named after their project, and the hub takes names of 30 characters: `irb-<id>-lab-99`."""


def _day(value: object) -> object:
    """Lets a date or its ISO text through: pydantic alone takes numbers for seconds since 1970."""
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        raise ValueError("must be a day such as 2027-06-30")  # noqa: TRY004 - pydantic names the key of a ValueError
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day such as 2027-06-30") from None


Day = Annotated[date, BeforeValidator(_day)]
LINE = r"^[^\s\p{Cc}]([^\p{Cc}\p{Zl}\p{Zp}]*[^\s\p{Cc}])?$"
"""The form of text that stands on one line."""

Name = Annotated[str, Field(max_length=200, pattern=LINE)]
ExamCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")]


IN_FORCE = "in force"


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
    trained: Day

    def is_trained(self, today: date, training_years: int) -> bool:
        """Whether their training counts on day `today`: it lies behind them, by less than `training_years` years."""
        return self.trained <= today < years_after(self.trained, training_years)


class IrbApplication(_Part):
    """One approved application. `study_dates` are its first and last day, both included."""

    id: Annotated[str, Field(max_length=LONGEST_ID, pattern=f"^{ID.pattern}$")]
    title: Name
    pi: Name
    approved: Day
    expires: Day
    withdrawn: Day | None = None
    exam_codes: Annotated[tuple[ExamCode, ...], Field(min_length=1)]
    study_dates: tuple[Day, Day]
    data: Annotated[tuple[DataKind, ...], Field(min_length=1)]
    egress: Egress = Egress.LOCKED
    roster: tuple[RosterEntry, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.id.lower() in RESERVED_IDS:
            raise ValueError(f"id {self.id} is reserved for sessions without a project")
        if self.id.lower().endswith(RESERVED_ENDINGS):
            raise ValueError(f"id {self.id} ends as the groups of a project do ({', '.join(RESERVED_ENDINGS)})")
        if self.expires < self.approved:
            raise ValueError(f"expires {self.expires} is before approved {self.approved}")
        if self.study_dates[1] < self.study_dates[0]:
            raise ValueError(f"study_dates end {self.study_dates[1]} before they begin {self.study_dates[0]}")
        for name, values in (("exam_codes", self.exam_codes), ("data", self.data)):
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names {Counter(values).most_common(1)[0][0]} twice")
        twice = Counter(entry.person for entry in self.roster).most_common(1)
        if twice and twice[0][1] > 1:
            raise ValueError(f"{twice[0][0]} stands on the roster twice")
        return self

    @property
    def slug(self) -> str:
        """The id as session names hold it: lower case, beginning with a letter."""
        return slug_of(self.id)

    def standing(self, today: date) -> str:
        """`in force`, or why it isn't on day `today`: `withdrawn on …`, `expired on …`, `approved from …`."""
        if self.withdrawn and self.withdrawn <= today:
            return f"withdrawn on {self.withdrawn}"
        if today > self.expires:
            return f"expired on {self.expires}"
        if today < self.approved:
            return f"approved from {self.approved}"
        return IN_FORCE

    def entry_of(self, person: str) -> RosterEntry | None:
        """Where `person` stands on the roster; None where they don't."""
        return next((entry for entry in self.roster if entry.person == person), None)

    def to_yaml(self) -> str:
        """The application as `irb.yaml`; read back it is equal to this one."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)

    def digest(self) -> str:
        """SHA-256 of the content, the same for two files that say the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def years_after(day: date, years: int) -> date:
    """The same day so many years later; for a 29th of February where there is none, the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, month=3, day=1)


def slug_of(project_id: str) -> str:
    """The slug of the application with id `project_id`: see `IrbApplication.slug`."""
    lowered = project_id.lower()
    return f"irb-{lowered}" if lowered[0].isdigit() else lowered


def read_application(path: Path) -> IrbApplication:
    """Reads and validates an `irb.yaml`.

    Raises:
        CcdsError: it can't be read, is no YAML, or a key is missing, unknown, given twice or wrong; the message names line
            and key.
    """
    return read_checked(path, IrbApplication, "irb.yaml")
