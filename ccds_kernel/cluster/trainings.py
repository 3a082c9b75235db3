"""Reading when trainings held GPUs: the files that they leave in their runs' folders, in every project of the site.

These folders are written by scientists and read here by the service account: whatever lies there is read without following links
or waiting for anybody, not further than such a file is long, and what can't be understood is counted and left out. The project
is the one in whose folder a run lies, whatever the run says.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.use import Training, Use
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Person
from ccds_kernel.training.attempt import Attempt, attempt_files
from ccds_kernel.training.folder import RunFolder, run_folders
from ccds_kernel.training.record import Exit, Record, RunRecord

_LONGEST = 256 * 1024
_PERSON: TypeAdapter[str] = TypeAdapter(Person)
_AHEAD = timedelta(minutes=10)
"""By how much a node's clock may be ahead of ours."""

_Kind = TypeVar("_Kind", bound=Record)


@dataclass(frozen=True)
class Trainings:
    """The trainings found, in how many projects none could be looked for, and how many files couldn't be understood."""

    found: tuple[Training, ...]
    unread: int
    damaged: int


class _DamagedError(Exception):
    """A file that isn't what it should be."""


def read_trainings(projects: Path, ids: tuple[str, ...], now: datetime) -> Trainings:
    """The trainings of the projects `ids` below `projects` that have held a GPU, as they are at `now`."""
    found: list[Training] = []
    unread = damaged = 0
    for project in ids:
        folder = projects / project
        try:
            runs = run_folders(folder) if _looked_into(folder / "runs") else []
        except OSError:
            unread += 1
            continue
        for run in runs:
            training, spoilt = _training(run, project, now)
            damaged += spoilt
            found += [training] if training else []
    return Trainings(tuple(found), unread, damaged)


def _looked_into(folder: Path) -> bool:
    """Whether there is such a folder; raises OSError where nobody may tell, which a pattern passes over in silence."""
    try:
        os.listdir(folder)  # noqa: PTH208 - of a path that may be closed
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _training(run: RunFolder, project: str, now: datetime) -> tuple[Training | None, int]:
    """The training in `run`, None where it held no GPU or can't be understood; and how many of its files were damaged."""
    try:
        record = _read(RunRecord, run.path / "run.json")
        person = _PERSON.validate_python(record.person)
    except (_DamagedError, ValidationError):
        return None, 1
    damaged = 0
    attempts: list[Attempt] = []
    for path in attempt_files(run):
        try:
            attempts.append(_credible(_read(Attempt, path), record, now))
        except _DamagedError:
            damaged += 1
    uses = tuple(_uses(attempts, project, person))
    if not uses:
        return None, damaged
    last = max(attempts, key=lambda attempt: attempt.began)
    outcome = None
    try:
        left = run.exit_file(last.start)
        outcome = _read(Exit, left).outcome if left.is_file() else None
    except _DamagedError:
        damaged += 1
    return Training(project=project, person=person, uses=uses, seen=last.seen, outcome=outcome), damaged


def _credible(attempt: Attempt, record: RunRecord, now: datetime) -> Attempt:
    if not record.made - _AHEAD <= attempt.began <= attempt.seen <= now + _AHEAD or attempt.gpus > record.spec.gpus:
        raise _DamagedError
    return attempt


def _uses(attempts: list[Attempt], project: str, person: str) -> Iterator[Use]:
    for attempt in attempts:
        if attempt.gpus:
            yield Use(
                project=project,
                person=person,
                priority_class=PriorityClass.BATCH,
                gpus=attempt.gpus,
                begin=attempt.began,
                end=attempt.seen,
            )


def _read(kind: type[_Kind], path: Path) -> _Kind:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise _DamagedError
            text = file.read(_LONGEST + 1)
        if len(text) > _LONGEST:
            raise _DamagedError
        return kind.model_validate_json(text)
    except (OSError, ValidationError, CcdsError):
        raise _DamagedError from None
