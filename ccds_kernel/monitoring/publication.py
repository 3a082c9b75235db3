"""What is published of a release: numbers without patient data, in one JSON file that leadership reads.

`<published>/monitoring/<model>-<version>.json`, for the group of the folder `<published>` and nobody else. The form is versioned
(`schema`) and checked to the letter when it is read. A later publication holds what an earlier one held of each month, and
adds months. `digest` is a keyed hash of the record's rows: whoever has the database can tell whether they are the same,
nobody else can test guesses about a patient.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ccds_kernel.errors import CcdsError
from ccds_kernel.monitoring.prediction import LONGEST_NAME
from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.monitoring.record import Rows
from ccds_kernel.monitoring.release import Release, ReleaseId, release_id
from ccds_kernel.months import Span
from ccds_kernel.published import read_published, write_published
from ccds_kernel.rate import Rate
from ccds_kernel.small_groups import SMALLEST

FOLDER = "monitoring"

_ANEW = "let an administrator of this site remove the file and publish anew"

Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Published = Annotated[int, Field(ge=SMALLEST)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Group(_Part):
    """Studies by what came of them, and the rates of each metric; null where a rate would be over no study."""

    studies: Published
    counts: Counts
    rates: dict[Metric, Rate | None]


class Outcomes(Span):
    """The studies whose reports became final in these months."""

    group: Group


class Software(_Part):
    """What a device did with one version of its software, in the periods that have enough studies."""

    version: Name
    total: Group
    periods: tuple[Outcomes, ...] = Field(min_length=1)

    @property
    def since(self) -> str:
        """The first months of which it is shown; it may have run earlier, on few studies."""
        return str(self.periods[0])


class Device(_Part):
    """A scanner; `hidden` are the periods of which something isn't published: it has fewer than ten studies there, or it
    stands in for one that has.
    """

    device: Name
    software: tuple[Software, ...]
    hidden: tuple[Span, ...]


class Numbers(_Part):
    """Everything that is counted; empty where there are too few studies in the months that are over."""

    total: Group | None
    periods: tuple[Outcomes, ...]
    devices: tuple[Device, ...]


class Publication(_Part):
    """The whole file."""

    schema_version: Literal[1] = Field(1, alias="schema")
    release: Release
    published_at: datetime
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    numbers: Numbers

    def to_json(self) -> str:
        """The file's text."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"


def digest(rows: Rows) -> str:
    """The keyed hash of everything in `rows`, whatever the order in which it was loaded: HMAC-SHA256 in hexadecimal."""
    found = hmac.new(rows.secret, digestmod=hashlib.sha256)
    values: list[list[object]] = [["release", rows.release.model_dump(mode="json")]]
    for phrase in rows.phrases:
        # A phrase without the later options hashes as it did before there were any.
        later = [phrase.uncertain_label, phrase.excludes] if phrase.uncertain_label or phrase.excludes else []
        values.append(["phrase", phrase.text, phrase.label, phrase.negatable, *later])
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
    return write_published(published, FOLDER, _name(publication.release.id), publication.to_json())


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
    path = published / FOLDER / _name(which)
    publication = read_published(path, Publication, anew=_ANEW)
    if publication is None:
        raise CcdsError(
            expected=f"published numbers of {which}",
            found="none",
            do="ask an administrator of this site to run 'ccds monitoring publish'",
        )
    if publication.release.id != which:
        raise CcdsError(
            expected=f"the numbers of {which} in {path.name}",
            found=f"those of {publication.release.id}",
            do=_ANEW,
        )
    return publication


def is_published(published: Path, which: ReleaseId) -> bool:
    """Whether anything is published of release `which`."""
    return (published / FOLDER / _name(which)).exists()


def _name(which: ReleaseId) -> str:
    return f"{which}.json"
