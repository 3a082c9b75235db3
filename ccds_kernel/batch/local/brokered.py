"""The local scheduler as a person uses it whose machine's jobs are the service account's: the port, through the `broker`."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ccds_kernel.batch.local.client import refuse_beyond
from ccds_kernel.batch.local.wire import (
    MOST_BYTES,
    error_from_wire,
    explanation_from_wire,
    spec_to_wire,
    status_from_wire,
    to_line,
)
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus, Node
from ccds_kernel.errors import CcdsError

_TIMEOUT_S = 10.0
_MOST_ANSWER = 64 * 2**20
_CHUNK = 65_536
_AT_ONCE = 500
"""Ids in one question; the broker takes twice as many."""


class BrokeredScheduler:
    """The `Scheduler` of this machine for a person; implements the port, whose docstrings hold.

    Beyond it: only batch work, of which the broker takes so much and no more; the owner is whoever runs this process, whatever a
    spec says; no job changes its class.

    Args:
        place: the broker's socket.
        project: the project of this session, whose groups jobs get; None outside one, where nothing is handed over.
    """

    def __init__(self, place: Path, project: str | None) -> None:
        self._place = place
        self._project = project

    def submit(self, spec: JobSpec) -> JobId:
        """See `Scheduler.submit`."""
        refuse_beyond(spec)
        if self._project is None:
            raise CcdsError(
                expected="a session of a project, whose groups the job gets",
                found="none",
                do="start it from a lab session of that project",
            )
        return JobId(self._ask("submit", project=self._project, spec=spec_to_wire(spec)))

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """See `Scheduler.status`."""
        wanted = list(ids)
        found: dict[JobId, JobStatus] = {}
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            try:
                told = [status_from_wire(one) for one in self._ask("status", ids=some)]
            except CcdsError as error:
                told = [JobStatus(id=job, state=JobState.UNKNOWN, reason=str(error)) for job in some]
            found |= {one.id: one for one in told}
        return found

    def mine(self) -> Sequence[JobStatus]:
        """See `Scheduler.mine`."""
        return [status_from_wire(one) for one in self._ask("mine")]

    def cancel(self, job: JobId) -> None:
        """See `Scheduler.cancel`."""
        self._ask("cancel", job=job)

    def set_priority(self, job: JobId, priority_class: PriorityClass) -> None:  # noqa: ARG002 - the port's
        """Refused: people's jobs are batch work, and stay it."""
        self._ask("set_priority", job=job)

    def extend(self, job: JobId, minutes: float) -> None:
        """See `Scheduler.extend`."""
        self._ask("extend", job=job, minutes=minutes)

    def estimate(self, spec: JobSpec) -> Explanation:
        """See `Scheduler.estimate`."""
        refuse_beyond(spec)
        return explanation_from_wire(self._ask("estimate", spec=spec_to_wire(spec)))

    def capacity(self) -> Sequence[Node]:
        """See `Scheduler.capacity`."""
        return [Node(**one) for one in self._ask("capacity")]

    def explain(self, job: JobId) -> Explanation:
        """See `Scheduler.explain`."""
        return explanation_from_wire(self._ask("explain", job=job))

    def _ask(self, ask: str, **more: object) -> Any:  # noqa: ANN401 - as JSON has it
        line = to_line({"ask": ask, **more})
        if len(line) > MOST_BYTES:
            raise JobRefusedError(
                expected=f"a job in {MOST_BYTES} bytes", found=f"{len(line)}", do="put what it needs into a file"
            )
        try:
            said = json.loads(self._exchange(line))
        except OSError as error:
            raise _unavailable((error.strerror or type(error).__name__).lower()) from None
        except ValueError:
            raise _unavailable("half an answer, or none") from None
        if "error" in said:
            raise error_from_wire(said["error"])
        return said["ok"]

    def _exchange(self, line: bytes) -> bytes:
        service = self._service()
        deadline = time.monotonic() + _TIMEOUT_S
        answer = bytearray()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(self._place))
            _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if uid != service:
                raise _unavailable("somebody else's socket in its place")
            connection.sendall(line)
            while came := connection.recv(_CHUNK):
                answer += came
                left = deadline - time.monotonic()
                if left <= 0 or len(answer) > _MOST_ANSWER:
                    raise _unavailable("an answer without an end")
                connection.settimeout(left)
        return bytes(answer)

    def _service(self) -> int:
        """Whose the socket has to be: the owner of its folder, which nobody else may write and which lies in one of root's."""
        folder, above = self._place.parent.lstat(), self._place.parent.parent.stat()
        closed = not (folder.st_mode | above.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
        if not (stat.S_ISDIR(folder.st_mode) and closed and above.st_uid == 0 and folder.st_uid != os.geteuid()):
            raise _unavailable("a socket in a folder of others")
        return folder.st_uid


def _unavailable(found: str) -> SchedulerUnavailableError:
    return SchedulerUnavailableError(
        expected="the service that takes jobs on this machine (ccds-jobs) to answer",
        found=found,
        do="try again; if it stays, tell the administrators of this site",
    )
