"""What became of every item: one small file each, so that several processes on several machines can write at once.

`<folder>/<key>.json` says of one item what was done, by which operator and code, on which input. It appears whole, in place of
an earlier one: an item is in the manifest once. The worker that did the work writes it, directly after the files themselves, so
that nothing is lost with the process that handed the work out. Decided against: a database (SQLite needs one host), one long log
(appending isn't atomic on a network file system), a field in the files that were made (there is none of what was refused).
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from ccds_kernel.files import write_whole
from ccds_kernel.workflow.operator import Item, Operator

FORMAT: Literal["ccds-record-1"] = "ccds-record-1"
_SUFFIX = ".json"
_LONGEST = 1 << 16


class State(StrEnum):
    """What became of an item."""

    DONE = "done"
    FAILED = "failed"


class Cause(StrEnum):
    """Why an item failed.

    Members:
        REFUSED: the item itself; it's in quarantine until it, the operator or the code is another one.
        MEMORY: it needs more memory than there ever is here; in quarantine until there is more, or the item is another one.
        DIED: the worker died at it, several times: too little memory, mostly. The next run tries it again.
        MACHINE: the machine: a full disk, a folder that can't be read. The next run tries it again.
        DEFECT: an error of ours. The next run tries it again.
    """

    REFUSED = "refused"
    MEMORY = "memory"
    DIED = "died"
    MACHINE = "machine"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why, in the words of a `CcdsError`.

    Args:
        cause: whose affair it is.
        step: where: "read", "2 resample"; empty where that isn't known.
        expected: what should have been there; what failures are counted by.
        found: what was.
        do: what a person can do about it.
    """

    cause: Cause
    step: str
    expected: str
    found: str
    do: str

    @property
    def is_quarantined(self) -> bool:
        """Whether the next run leaves it, as long as nothing changed."""
        return self.cause in {Cause.REFUSED, Cause.MEMORY}

    @property
    def reason(self) -> str:
        """What failures are counted by: the step, and what was expected there."""
        return f"{self.step}: {self.expected}" if self.step else self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of one item.

    Args:
        key: the item's.
        state: done, or failed.
        operator: the operator's digest.
        code_version: the operator's.
        input_version: the item's, when it was taken up.
        tries: how many times it was taken up until it came to this.
        at: when, in UTC.
        seconds: how long the last try took; 0 where that isn't known.
        input_sha256: of what was read; empty where nothing was.
        output_sha256: of what was made; empty where it failed.
        files: what was made: path below the folder that everything is made in → bytes.
        failure: why it failed; None where it is done.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    format: Literal["ccds-record-1"] = FORMAT
    key: str
    state: State
    operator: str
    code_version: str
    input_version: str
    tries: Annotated[int, Field(ge=1)]
    at: str
    seconds: float
    input_sha256: str = ""
    output_sha256: str = ""
    files: dict[str, int]
    failure: Failure | None = None

    def is_of(self, item: Item, operator: Operator) -> bool:
        """Whether it tells of this input, this operator and this code."""
        return (self.key, self.input_version, self.operator, self.code_version) == (
            item.key,
            item.version,
            operator.digest,
            operator.code_version,
        )

    def has_its_files(self, into: Path) -> bool:
        """Whether all that was made is there still, as long as it was."""
        return all(_size(into / name) == size for name, size in self.files.items())


_READER = TypeAdapter(Record)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The records of one operator's runs.

    Args:
        folder: made where missing, when something is written.
    """

    folder: Path

    def get(self, key: str) -> Record | None:
        """The record of an item; None where there is none that can be read: then the item is done again."""
        return _read(self.folder / f"{key}{_SUFFIX}")

    def put(self, record: Record) -> None:
        """Writes `record`, in place of the one before.

        Raises:
            OSError: it can't be written.
        """
        path = self.folder / f"{record.key}{_SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", 0o664)

    def remove(self, key: str) -> None:
        """Forgets an item.

        Raises:
            OSError: its record can't be removed.
        """
        (self.folder / f"{key}{_SUFFIX}").unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """The key of every record that is there now, in no order."""
        for path in _files(str(self.folder)):
            yield path.relative_to(self.folder).as_posix().removesuffix(_SUFFIX)

    def records(self) -> Iterator[Record]:
        """Every record that is there now, in no order; also while a run writes."""
        for path in _files(str(self.folder)):
            if (record := _read(path)) is not None:
                yield record


def told(reason: str, count: int) -> str:
    """How many failed for a `Failure.reason`, in words: "2 at read: expected finite voxels"."""
    step, _, expected = reason.rpartition(": ")
    return f"{count}{f' at {step}' if step else ''}: expected {expected}"


def _files(folder: str) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        elif entry.name.endswith(_SUFFIX):
            yield Path(entry.path)


def _read(path: Path) -> Record | None:
    """The record in `path`, a file that anybody of the project may have written."""
    try:
        # A pipe of that name would be waited for until somebody writes to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return _READER.validate_json(file.read(_LONGEST))
    except (OSError, ValidationError):
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
