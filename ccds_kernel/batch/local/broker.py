"""People's way to the local scheduler where code runs as its person: through the service account, whose jobs these are.

The scheduler's folder is the service account's alone: whoever may write there may start anything as anybody. So people ask here,
one request in a connection (`wire`) to a socket (`broker_socket`), and the kernel of the operating system says who asks
(SO_PEERCRED), never the request. A person hands over batch work for a project in which they may do that, and sees, ends and
extends their own jobs; of everybody else's they learn what the machine has free. The job itself runs as the person, with the
groups of that one project: the scheduler starts `relay`, which has the root helper start it (`session.root_batch`).

Rejected: a part of the hub or of the audit daemon (what reads strangers' requests should hold neither tokens nor the log, and an
upgrade of the hub shouldn't hide people's trainings from them), and a setuid program that writes the scheduler's table.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccds_kernel.batch.local.client import NO_SUCH_JOB, no_such_job
from ccds_kernel.batch.local.names import read_name, stored_name
from ccds_kernel.batch.local.relay import ORDER_VARIABLE, SAID
from ccds_kernel.batch.local.wire import (
    MOST_BYTES,
    error_to_wire,
    not_understood,
    spec_from_wire,
    spec_to_wire,
    to_wire,
)
from ccds_kernel.batch.scheduler import JobRefusedError, Scheduler, SchedulerUnavailableError
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobId, JobState, JobStatus
from ccds_kernel.errors import CcdsError

MOST_WAITING = 50
"""Jobs of one person that may wait at once: a sweep of trainings fits, and nobody fills the table that every step reads."""
MOST_IDS = 1000
_JOB = re.compile(r"[0-9]{1,18}")
_HELPER_CODES = frozenset({120, 127})
"""Exit codes with which the root helper says that there was no job."""
_MOST_SAID = 500

_log = logging.getLogger("ccds.batch.broker")


class Broker:
    """What people may ask of the scheduler. Its methods may be called from several threads at once.

    Args:
        scheduler: the site's, as the service account uses it.
        folder: its state folder.
        command: what runs the job that a person calls by a name as them, in a project: person, project, name -> words.
        check: raises a `CcdsError` where a person may not hand over jobs in a project: person, project.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        folder: Path,
        command: Callable[[str, str, str], Sequence[str]],
        check: Callable[[str, str], None],
    ) -> None:
        self._scheduler = scheduler
        self._folder = folder
        self._command = command
        self._check = check
        self._one_submits = threading.Lock()
        self._asks: dict[str, tuple[Callable[..., Any], set[str]]] = {
            "submit": (self._submit, {"project", "spec"}),
            "status": (self._status, {"ids"}),
            "mine": (self._mine, set()),
            "cancel": (self._cancel, {"job"}),
            "set_priority": (self._set_priority, {"job"}),
            "extend": (self._extend, {"job", "minutes"}),
            "estimate": (self._estimate, {"spec"}),
            "capacity": (self._capacity, set()),
            "explain": (self._explain, {"job"}),
        }

    def answer(self, person: str, line: bytes) -> dict[str, Any]:
        """The answer to what `person` said; an error is one, too."""
        try:
            return {"ok": self._answer(person, line)}
        except CcdsError as error:
            return {"error": error_to_wire(error)}

    def _answer(self, person: str, line: bytes) -> object:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            raise not_understood() from None
        if not isinstance(said, dict) or not isinstance(ask := said.pop("ask", None), str) or ask not in self._asks:
            raise not_understood()
        does, wanted = self._asks[ask]
        if said.keys() != wanted:
            raise not_understood()
        return does(person, **said)

    def _submit(self, person: str, project: object, spec: object) -> str:
        if not isinstance(project, str):
            raise not_understood()
        asked = spec_from_wire(spec, person)
        try:
            self._check(person, project)
        except CcdsError:
            _log.warning("%s may not hand over jobs in the project that they named", person)
            raise
        job = self._job(person, project, asked)
        with self._one_submits:
            live = [one for one in self._scheduler.mine() if _is_theirs(one, person)]
            waiting = sum(one.state is JobState.PENDING for one in live)
            if waiting >= MOST_WAITING and job.name not in {one.name for one in live}:
                raise JobRefusedError(
                    expected=f"at most {MOST_WAITING} jobs of yours that wait",
                    found=f"{waiting}",
                    do="wait for some of them, or cancel them",
                )
            return str(self._scheduler.submit(job))

    def _job(self, person: str, project: str, asked: JobSpec) -> JobSpec:
        """The service account's job that runs what was asked for as the person. Nothing of theirs is in its own environment."""
        if asked.priority_class is not PriorityClass.BATCH:
            raise _only_batch()
        order = json.dumps(
            {name: value for name, value in spec_to_wire(asked).items() if name in {"command", "env", "cwd", "log"}}
        )
        if len(order) > MOST_BYTES:  # as it was said it may have been shorter
            raise not_understood()
        return replace(
            asked,
            name=stored_name(person, project, asked.name),
            command=tuple(self._command(person, project, asked.name)),
            env={ORDER_VARIABLE: order},
            cwd=Path("/"),
            log=Path(os.devnull),
        )

    def _status(self, person: str, ids: object) -> list[dict[str, Any]]:
        if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(isinstance(one, str) for one in ids):
            raise not_understood()
        known = self._scheduler.status([JobId(one) for one in ids if _JOB.fullmatch(one)])
        return [to_wire(self._as_told(person, JobId(one), known.get(JobId(one)))) for one in ids]

    def _as_told(self, person: str, job: JobId, status: JobStatus | None) -> JobStatus:
        if status is not None and status.name is None:
            return status  # the scheduler doesn't know it, or doesn't answer
        if status is None or not _is_theirs(status, person):
            return JobStatus(id=job, state=JobState.UNKNOWN, reason=NO_SUCH_JOB)
        named = read_name(status.name or "")
        reason = status.reason
        if status.state is JobState.FAILED and status.exit_code in _HELPER_CODES:
            reason = self._said(job) or reason
        return replace(status, name=named.name if named else None, user=person, reason=reason)

    def _said(self, job: JobId) -> str:
        """What sudo or the root helper said of the job's last run, where it began none."""
        runs = sorted(self._folder.glob(f"jobs/{job}/*/{SAID}"), key=lambda place: int(place.parent.name))
        if not runs:
            return ""
        lines = runs[-1].read_text(encoding="utf-8", errors="replace")[:_MOST_SAID].splitlines()
        return lines[0].removeprefix("ccds root helper: ") if lines else ""

    def _mine(self, person: str) -> list[dict[str, Any]]:
        return [
            to_wire(self._as_told(person, one.id, one)) for one in self._scheduler.mine() if _is_theirs(one, person)
        ]

    def _own(self, person: str, job: object) -> JobId:
        """That job, if it is theirs.

        Raises:
            UnknownJobError: it isn't, or there is none.
        """
        if not isinstance(job, str):
            raise not_understood()
        if not _JOB.fullmatch(job):
            raise no_such_job(job)
        status = self._scheduler.status([JobId(job)])[JobId(job)]
        if status.name is None and status.reason != NO_SUCH_JOB:
            raise SchedulerUnavailableError(
                expected="the local scheduler to answer", found=status.reason or "nothing", do="try again"
            )
        if not _is_theirs(status, person):
            raise no_such_job(job)
        return JobId(job)

    def _cancel(self, person: str, job: object) -> None:
        self._scheduler.cancel(self._own(person, job))

    def _set_priority(self, person: str, job: object) -> None:
        self._own(person, job)
        raise _only_batch()

    def _extend(self, person: str, job: object, minutes: Any) -> None:  # noqa: ANN401 - the scheduler looks at it
        self._scheduler.extend(self._own(person, job), minutes)

    def _estimate(self, person: str, spec: object) -> dict[str, Any]:
        asked = spec_from_wire(spec, person)
        if asked.priority_class is not PriorityClass.BATCH:
            raise _only_batch()
        return to_wire(self._scheduler.estimate(asked))

    def _capacity(self, _person: str) -> list[dict[str, Any]]:
        return [to_wire(node) for node in self._scheduler.capacity()]

    def _explain(self, person: str, job: object) -> dict[str, Any]:
        return to_wire(self._scheduler.explain(self._own(person, job)))


def _is_theirs(status: JobStatus, person: str) -> bool:
    named = read_name(status.name or "")
    return named is not None and named.person == person


def _only_batch() -> JobRefusedError:
    return JobRefusedError(
        expected="batch work, which yields", found="another class", do="start sessions on the home page"
    )
