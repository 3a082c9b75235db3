"""A use-case card: what a model would be for and who stands behind it, before there is an IRB application.

It says what clinical question it answers, which performance would be useful and by whom that was set, who is on the team, on
which exams it would run, and how it scores by the site's criteria. How often those exams are made isn't in it: that comes from
the site's published counts (see `frequency`), so that no card can flatter itself.

A card holds no patient data: nobody has an application yet that would cover any.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import LINE, ExamCode, Name
from ccds_kernel.irb.roles import Role
from ccds_kernel.irb.yaml_file import read_checked
from ccds_kernel.settings import Person

LOWEST, HIGHEST = 1, 5
"""Scores go from here to there."""

CardId = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Sentences = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=LINE)]
Fraction = Annotated[float, Field(gt=0, le=1, strict=True)]
Score = Annotated[int, Field(ge=LOWEST, le=HIGHEST, strict=True)]


class Measure(StrEnum):
    """What a requirement can be in; each is between 0 and 1, and more is better."""

    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    PPV = "ppv"
    NPV = "npv"
    AUROC = "auroc"
    DICE = "dice"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Requirement(_Part):
    """The performance from which on a model would be useful, why, and who of the team set it."""

    at_least: Annotated[dict[Measure, Fraction], Field(min_length=1)]
    why: Sentences
    set_by: Person


class Member(_Part):
    """One person of the team, and what for."""

    person: Person
    role: Role


class UseCaseCard(_Part):
    """One card. `scores` are from 1 to 5, by the site's criteria."""

    id: CardId
    title: Name
    question: Sentences
    requirement: Requirement
    team: Annotated[tuple[Member, ...], Field(min_length=1)]
    exam_codes: Annotated[tuple[ExamCode, ...], Field(min_length=1)]
    scores: dict[str, Score]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, values in (("team", self.people), ("exam_codes", self.exam_codes)):
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names {Counter(values).most_common(1)[0][0]} twice")
        if self.requirement.set_by not in self.people:
            raise ValueError(f"requirement.set_by is {self.requirement.set_by}, who isn't on the team")
        return self

    @property
    def people(self) -> tuple[str, ...]:
        """Who is on the team."""
        return tuple(member.person for member in self.team)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, the same for two files that say the same in whichever order."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def lacks(self, criteria: Iterable[str]) -> tuple[str, ...]:
        """Those of the site's criteria for which it has no score."""
        return tuple(criterion for criterion in criteria if criterion not in self.scores)

    def require_scores(self, weights: Mapping[str, int]) -> None:
        """Makes sure that it has a score for each of the site's criteria and for nothing else.

        Raises:
            CcdsError: it doesn't; says what is missing or not known.
        """
        expected = f"scores for {', '.join(weights)} in card {self.id} ([usecase] weights in ccds.toml)"
        if missing := self.lacks(weights):
            raise CcdsError(expected=expected, found=f"none for {', '.join(missing)}", do="add it, from 1 to 5")
        if others := [criterion for criterion in self.scores if criterion not in weights]:
            found = f"one for {', '.join(map(repr, others))[:80]}"
            raise CcdsError(expected=expected, found=found, do="take it out, or spell it right")


class StoredCard(_Part):
    """A version of a card as the site keeps it; `added_at` is in UTC."""

    schema_version: Literal[1] = Field(1, alias="schema")
    added_by: Person
    added_at: datetime
    card: UseCaseCard

    def to_json(self) -> str:
        """The file's text."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"


def read_card(path: Path) -> UseCaseCard:
    """Reads and validates a card that somebody wrote in YAML.

    Raises:
        CcdsError: it can't be read, is no YAML, or a key is missing, unknown, given twice or wrong; the message names line
            and key.
    """
    return read_checked(path, UseCaseCard, "card")
