"""The small JSON files of a run's folder, as values: what it is, each of its starts, and how each start ended."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.training.spec import TrainingSpec


class Record(BaseModel):
    """One of these files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_text(self) -> str:
        """The record as JSON."""
        return self.model_dump_json(indent=1) + "\n"


class RunRecord(Record):
    """What a run is; written once, before its first start, and never changed.

    Attributes:
        id: the run's id, unique in its project.
        project: the IRB application's id.
        person: who asked for it.
        made: when.
        spec: what was asked for; `datalist` names the file that was given, of which the folder holds a copy.
        bundle_sha256: of the names and bytes of the bundle's files.
        datalist_sha256: of the copy.
        dataset_sha256: of the dataset snapshot that was named; None where a data list was given.
        versions: distribution → version, of what trains.
    """

    id: str
    project: str
    person: str
    made: AwareDatetime
    spec: TrainingSpec
    bundle_sha256: str
    datalist_sha256: str
    dataset_sha256: str | None = None
    versions: dict[str, str]


class Start(Record):
    """One start of a run: the first, or a restart.

    Attributes:
        number: 1 for the first.
        job_name: under which the scheduler was asked; asking again under this name adopts the job.
        person: who started it.
        when: when.
        job: the scheduler's id; None until it is known that the scheduler has the job.
    """

    number: int = Field(ge=1)
    job_name: str
    person: str
    when: AwareDatetime
    job: str | None = None


class Outcome(enum.StrEnum):
    """How a training that ended by itself ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


class Exit(Record):
    """What the training itself left when it ended; a killed one leaves nothing.

    Attributes:
        outcome: how it ended.
        reason: why, in one line; empty for FINISHED.
    """

    outcome: Outcome
    reason: str = ""


Kind = TypeVar("Kind", bound=Record)


def read_record(kind: type[Kind], path: Path) -> Kind | None:
    """The record in `path`; None where there is no such file.

    Raises:
        CcdsError: the file can't be read, or holds something else.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path.name} of the run {_run_of(path)}",
            found=error.strerror or "an error",
            do="ask whoever runs this site for access",
        ) from None
    except (ValidationError, CcdsError):
        raise CcdsError(
            expected=f"{path.name} of the run {_run_of(path)} as ccds wrote it",
            found="something else",
            do="restore it from a backup, or train anew",
        ) from None


def _run_of(path: Path) -> str:
    return next((parent.name for parent in path.parents if parent.parent.name == "runs"), path.parent.name)
