"""One try at one item, where the work is done: the operator's files, then the record, whatever comes of it."""

from __future__ import annotations

import errno
import os
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.manifest import Cause, Failure, Manifest, Record, State
from ccds_kernel.workflow.operator import Item, Operator, Outcome, Refused, is_of_the_machine

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try.

    Args:
        record: what is said of it.
        told: see `Outcome`.
    """

    record: Record
    told: object = None


def attempt(operator: Operator, item: Item, into: Path, manifest: Manifest, tries: int) -> Tried:
    """Tries once. The record is in the manifest then, unless there is something that has to be kept first.

    Args:
        operator: what to do.
        item: what to do it with.
        into: the folder that everything is made in.
        manifest: where the record goes.
        tries: how many this one makes.

    Raises:
        OSError: the record can't be written.
    """
    begin = time.monotonic()
    outcome: Outcome | None = None
    failure: Failure | None = None
    try:
        outcome = operator.run(item, into)
        files = {name: (into / name).stat().st_size for name in outcome.files}
    except Exception as error:  # noqa: BLE001 - one item never stops the others; what it was is in the record
        outcome, files, failure = None, {}, failure_of(error)
    record = record_of(
        operator, item, tries, outcome=outcome, failure=failure, files=files, seconds=time.monotonic() - begin
    )
    told = None if outcome is None else outcome.told
    if told is None:
        manifest.put(record)
    return Tried(record, told)


def record_of(
    operator: Operator,
    item: Item,
    tries: int,
    *,
    outcome: Outcome | None = None,
    failure: Failure | None = None,
    files: dict[str, int] | None = None,
    seconds: float = 0.0,
) -> Record:
    """The record of what came of `item`, now."""
    return Record(
        key=item.key,
        state=State.FAILED if outcome is None else State.DONE,
        operator=operator.digest,
        code_version=operator.code_version,
        input_version=item.version,
        tries=tries,
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        seconds=round(seconds, 3),
        input_sha256=outcome.input_sha256 if outcome else "",
        output_sha256=outcome.output_sha256 if outcome else "",
        files=files or {},
        failure=failure,
    )


def failure_of(error: Exception) -> Failure:
    """What an operator's exception tells people, and whose affair it is."""
    if isinstance(error, CcdsError):
        return Failure(
            cause=Cause.MACHINE if is_of_the_machine(error) else Cause.REFUSED,
            step=error.step if isinstance(error, Refused) else "",
            expected=error.expected,
            found=error.found,
            do=error.do,
        )
    if isinstance(error, MemoryError):
        return Failure(
            cause=Cause.MACHINE,
            step="",
            expected="memory for the volume",
            found="too little",
            do="take fewer workers, or a session with more memory",
        )
    if isinstance(error, OSError):
        return Failure(
            cause=Cause.MACHINE,
            step="",
            expected="files that can be read and written",
            found=error.strerror or type(error).__name__,
            do="ask the administrators of this site",
        )
    # What the exception says may quote a header: its kind and place are all that is kept.
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Failure(
        cause=Cause.DEFECT,
        step="",
        expected="no defect in ccds itself",
        found=f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}",
        do="send this to whoever runs this site",
    )


def is_full(failure: Failure) -> bool:
    """Whether no further item can be written either."""
    return failure.cause is Cause.MACHINE and failure.found in {os.strerror(number) for number in _FULL}
