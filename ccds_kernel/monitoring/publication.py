"""What is published of a release: numbers without patient data, in one JSON file that leadership reads.

`<published>/monitoring/<model>-<version>.json`. The form is versioned (`schema`) and checked to the letter when it is read. Two
publications of the same rows differ in `published_at` only. `digest` is a keyed hash of the rows: whoever has the
database can tell whether they are the same, nobody else can test guesses about a patient.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.monitoring.grouping import SMALLEST
from ccds_kernel.monitoring.prediction import LONGEST_NAME
from ccds_kernel.monitoring.rates import Counts, Metric, Rate
from ccds_kernel.monitoring.record import Rows
from ccds_kernel.monitoring.release import Release, ReleaseId, release_id
from ccds_kernel.settings import invalid

FOLDER = "monitoring"

MonthName = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Published = Annotated[int, Field(ge=SMALLEST)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Span(_Part):
    """Consecutive calendar months, by UTC; the same twice for one month."""

    first: MonthName
    last: MonthName

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


class Group(_Part):
    """Studies by what came of them, and the rates of each metric; null where a rate would be over no study."""

    studies: Published
    counts: Counts
    rates: dict[Metric, Rate | None]


class Outcomes(Span):
    """The studies whose reports became final in these months."""

    group: Group


class Volume(Span):
    """The predictions made in these months: all, those whose report no phrase matches, those that await their report."""

    predictions: Published
    unmatched: int = Field(ge=0)
    awaiting: int = Field(ge=0)


class Software(_Part):
    """What a device did with one version of its software: since when it is seen, and the periods that have enough studies."""

    version: Name
    first_seen: date
    total: Group
    periods: tuple[Outcomes, ...]


class Device(_Part):
    """A scanner; `hidden` are the periods of which something isn't published: it has fewer than ten studies there, or it
    stands in for one that has.
    """

    device: Name
    software: tuple[Software, ...]
    hidden: tuple[Span, ...]


class Numbers(_Part):
    """Everything that is counted; empty where all studies together are too few."""

    total: Group | None
    periods: tuple[Outcomes, ...]
    volumes: tuple[Volume, ...]
    devices: tuple[Device, ...]


class Source(_Part):
    """What the numbers were computed from; null means fewer than ten."""

    predictions: Published | None
    reports: Published | None
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class Publication(_Part):
    """The whole file."""

    schema_version: Literal[1] = Field(1, alias="schema")
    release: Release
    published_at: datetime
    source: Source
    numbers: Numbers

    def to_json(self) -> str:
        """The file's text."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"


def digest(rows: Rows) -> str:
    """The keyed hash of everything in `rows`, whatever the order in which it was loaded: HMAC-SHA256 in hexadecimal."""
    found = hmac.new(rows.secret, digestmod=hashlib.sha256)
    values: list[list[object]] = [["release", rows.release.model_dump(mode="json")]]
    values += [["phrase", phrase.text, phrase.label, phrase.negatable] for phrase in rows.phrases]
    values += sorted(
        ["prediction", one.accession, one.time.isoformat(), one.score, one.device, one.software_version]
        for one in rows.predictions
    )
    values += sorted(
        [
            "report",
            one.report.accession,
            one.time.isoformat(),
            *((part.name, part.text) for part in one.report.sections),
        ]
        for one in rows.reports
    )
    for value in values:
        found.update(json.dumps(value).encode() + b"\n")
    return found.hexdigest()


def write_publication(published: Path, publication: Publication) -> Path:
    """Puts `publication` in its place below folder `published`; a reader sees the old one or the new one, whole.

    Raises:
        CcdsError: it can't be written.
    """
    folder = published / FOLDER
    path = folder / f"{publication.release.id}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, publication.to_json())
    except OSError as error:
        raise CcdsError(
            expected=f"to write {path}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
    return path


def published_releases(published: Path) -> tuple[ReleaseId, ...]:
    """Every release of which something is published, by name; files of other names don't count."""
    found = []
    for path in (published / FOLDER).glob("*.json"):
        model, _, version = path.stem.rpartition("-")
        try:
            found.append(release_id(model, version))
        except CcdsError:
            continue
    return tuple(sorted(found, key=str))


def read_publication(published: Path, which: ReleaseId) -> Publication:
    """What is published of release `which`.

    Raises:
        CcdsError: nothing is, or the file can't be read or isn't one of ours.
    """
    path = published / FOLDER / f"{which}.json"
    try:
        publication = Publication.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise CcdsError(
            expected=f"published numbers of {which}",
            found="none",
            do="ask an administrator of this site to run 'ccds monitoring publish'",
        ) from None
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}",
            found=error.strerror or "an error",
            do="ask an administrator of this site to mend its permissions",
        ) from None
    except ValidationError as error:
        found = invalid(path.name, error)
        raise CcdsError(
            expected=found.expected, found=found.found, do="ask an administrator of this site to publish it again"
        ) from None
    if publication.release.id != which:
        raise CcdsError(
            expected=f"the numbers of {which} in {path.name}",
            found=f"those of {publication.release.id}",
            do="ask an administrator of this site to publish them again",
        )
    return publication
