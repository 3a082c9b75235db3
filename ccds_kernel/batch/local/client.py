"""The local scheduler as its callers see it: the `Scheduler` port over the table, with the daemon started when needed."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ccds_kernel.batch.exits import Claim
from ccds_kernel.batch.local import doorbell, estimate, lock
from ccds_kernel.batch.local.dispatch import Capacity, free_room, need_of
from ccds_kernel.batch.local.process import is_alive, tell
from ccds_kernel.batch.local.runs import own_environment
from ccds_kernel.batch.local.table import (
    Row,
    Table,
    insert,
    live_rows,
    load_capacity,
    load_grace_s,
    nothing_lives,
    save_site,
    update,
)
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.shape import Topology
from ccds_kernel.batch.spec import JobSpec, PriorityClass, are_wall_minutes
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus, Node
from ccds_kernel.errors import CcdsError

_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_DAEMON = "ccds_kernel.batch.local.daemon"
_START_S = 5.0
_POLL_S = 0.02
_LIVE_PHASES = ("pending", "starting", "running")

NO_SUCH_JOB = "the scheduler knows no such job"
"""Why a status is UNKNOWN whose id was never given, or is forgotten."""


class LocalScheduler:
    """The `Scheduler` of this machine; implements the port, whose docstrings hold.

    It queues, starts by priority class (see `dispatch`), preempts and requeues batch work, hands out GPU slots, ends what
    exceeds its wall time. Jobs and their ends survive the process that uses it and the daemon behind it. It counts cores
    and memory but doesn't enforce them, and GPU slots are CUDA_VISIBLE_DEVICES: that is no isolation. All jobs run as the
    present Unix user. Where systemd runs the hub, its unit needs `KillMode=process`: else stopping it stops the jobs.

    Args:
        folder: the state folder, on a disk of this machine; made (0700) when it isn't there.
        capacity: what the site offers; kept in the folder, None leaves what was declared before.
        grace_s: seconds from TERM to KILL; likewise.

    Raises:
        SchedulerUnavailableError: the folder can't be made or used.
    """

    def __init__(self, folder: Path, *, capacity: Capacity | None = None, grace_s: float | None = None) -> None:
        if grace_s is not None and not (math.isfinite(grace_s) and grace_s >= 0):
            raise CcdsError(expected="a grace of 0 s or more", found=repr(grace_s), do="correct it")
        self._folder = Path(folder).absolute()
        self._node = os.uname().nodename
        try:
            self._table = Table(self._folder)
        except OSError as error:
            raise SchedulerUnavailableError(
                expected="a state folder that can be written", found=str(error.strerror), do="choose another folder"
            ) from error
        if capacity is not None or grace_s is not None:
            with self._table.write() as db:
                save_site(db, capacity=capacity, grace_s=grace_s)

    def submit(self, spec: JobSpec) -> JobId:
        """See `Scheduler.submit`."""
        env = {"PATH": _PATH, "HOME": str(Path.home()), "LANG": "C.UTF-8", **spec.env}
        with self._table.write() as db:
            found = db.execute(
                "SELECT id FROM job WHERE name = ? AND phase IN ('pending', 'starting', 'running')", (spec.name,)
            ).fetchone()
            if found is None:
                _refuse_impossible(spec, load_capacity(db))
            job = found[0] if found else insert(db, spec, env, time.time())
        self._wake()
        return JobId(str(job))

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """See `Scheduler.status`."""
        wanted, rows, trouble = list(ids), {}, None
        numbers = json.dumps([int(job) for job in wanted if job.isdecimal()])
        query = "SELECT * FROM job WHERE id IN (SELECT value FROM json_each(?))"
        try:
            with self._table.read() as db:
                rows = {JobId(str(raw["id"])): Row(raw) for raw in db.execute(query, (numbers,))}
            self._attend_to(rows.values())
        except SchedulerUnavailableError as error:
            trouble = str(error)
        return {job: self._status_of(job, rows.get(job), trouble) for job in wanted}

    def _status_of(self, job: JobId, row: Row | None, trouble: str | None) -> JobStatus:
        if row is None:
            return JobStatus(id=job, state=JobState.UNKNOWN, reason=trouble or NO_SUCH_JOB)
        known = row.as_status(self._node)
        if trouble and not known.state.ended:  # nobody watches it: what the table says may be over
            return replace(known, state=JobState.UNKNOWN, reason=trouble)
        return known

    def mine(self) -> Sequence[JobStatus]:
        """See `Scheduler.mine`."""
        with self._table.read() as db:
            rows = live_rows(db)
        self._attend_to(rows)
        return [row.as_status(self._node) for row in rows]

    def cancel(self, job: JobId) -> None:
        """See `Scheduler.cancel`."""
        with self._table.write() as db:
            _cancel(db, _row(db, job))
        self._wake()

    def set_priority(self, job: JobId, priority_class: PriorityClass) -> None:
        """See `Scheduler.set_priority`."""
        wanted = PriorityClass(priority_class)

        def change(db: sqlite3.Connection, row: Row) -> None:
            present = PriorityClass(row.raw["priority_class"])
            if (present is PriorityClass.APP) != (wanted is PriorityClass.APP):
                raise JobRefusedError(
                    expected="an app session to stay one and a node to stay a node",
                    found=f"a move from {present} to {wanted}",
                    do="submit a new job",
                )
            update(db, row.id, priority_class=wanted.value)

        self._change(job, change)

    def extend(self, job: JobId, minutes: float) -> None:
        """See `Scheduler.extend`."""
        if not are_wall_minutes(minutes):
            raise CcdsError(expected="minutes above 0, a year at most", found=repr(minutes), do="say how much longer")

        def change(db: sqlite3.Connection, row: Row) -> None:
            if row.phase not in _LIVE_PHASES or row.raw["intent"] == "wall":
                raise UnknownJobError(expected="a job that has not ended", found="one that has", do="submit a new job")
            if not are_wall_minutes(row.raw["wall_minutes"] + minutes):
                raise JobRefusedError(
                    expected="a wall time of a year at most", found="more with these minutes", do="extend it by less"
                )
            update(db, row.id, wall_minutes=row.raw["wall_minutes"] + minutes)

        self._change(job, change)

    def estimate(self, spec: JobSpec) -> Explanation:
        """See `Scheduler.estimate`; assumes what `explain` does."""
        with self._table.read() as db:
            capacity, jobs = load_capacity(db), [it.as_job() for it in live_rows(db)]
        _refuse_impossible(spec, capacity)
        return estimate.explain_new(jobs, capacity, spec, time.time())

    def capacity(self) -> Sequence[Node]:
        """See `Scheduler.capacity`; the one node is this machine."""
        with self._table.read() as db:
            capacity, jobs = load_capacity(db), [row.as_job() for row in live_rows(db)]
        free = free_room(jobs, capacity)
        return [
            Node(
                name=self._node,
                cpus=capacity.cpus,
                cpus_free=max(0, free.cpus),
                memory_mb=capacity.memory_mb,
                memory_mb_free=max(0, free.memory_mb),
                gpus=len(capacity.gpus),
                gpus_free=max(0, free.gpus),
                gpus_preemptible=sum(len(job.gpus) for job in jobs if job.preemptible),
                gpu_model=capacity.gpu_model,
            )
        ]

    def explain(self, job: JobId) -> Explanation:
        """See `Scheduler.explain`. The estimate assumes that every run takes its whole wall time and nobody else comes."""
        with self._table.read() as db:
            row, capacity, jobs = _row(db, job), load_capacity(db), [it.as_job() for it in live_rows(db)]
        self._attend_to([row])
        if row.phase not in _LIVE_PHASES:
            return Explanation(reason="has ended")
        return estimate.explain(jobs, capacity, row.as_job(), time.time())

    def shutdown(self, *, cancel_jobs: bool = False) -> None:
        """Ends the daemon; with `cancel_jobs` every job first, and returns when no process is left.

        Without it jobs go on, and the next call of any method starts a daemon again.

        Raises:
            SchedulerUnavailableError: jobs or daemon didn't end in time.
        """
        if cancel_jobs:
            with self._table.write() as db:
                grace_s, live = load_grace_s(db), live_rows(db)
                for row in live:
                    _cancel(db, row)
            self._wake()
            self._wait_until(self._nothing_lives, grace_s + 10, "the jobs to end")
            # A wrapper writes its exit file, which ends the job, while it still lives.
            with self._table.read() as db:
                wrappers = [_wrapper(_row(db, JobId(str(row.id)))) for row in live]
            self._wait_until(lambda: not any(map(is_alive, wrappers)), _START_S, "the jobs' processes to end")
        if process := lock.holder(self._folder):
            tell(process, signal.SIGTERM)
            self._wait_until(lambda: not is_alive(process), _START_S, "the daemon to end")

    def _nothing_lives(self) -> bool:
        with self._table.read() as db:
            return nothing_lives(db)

    def _change(self, job: JobId, change: Callable[[sqlite3.Connection, Row], None]) -> None:
        with self._table.write() as db:
            row = _row(db, job)
            change(db, row)
        self._wake()

    def _attend_to(self, rows: Iterable[Row]) -> None:
        """A daemon is there as long as a job lives: who asks about one finds out, and starts it."""
        if any(row.phase in _LIVE_PHASES for row in rows) and not doorbell.is_attended(self._folder):
            self._wake()

    def _wake(self) -> None:
        """Rings; starts the daemon where none answers.

        Raises:
            SchedulerUnavailableError: none can be started. What was written before stays, and is safe to write again.
        """
        deadline = time.monotonic() + _START_S
        while not doorbell.ring(self._folder):
            if time.monotonic() > deadline or not self._start_daemon():
                raise SchedulerUnavailableError(
                    expected="the local scheduler's daemon to start",
                    found="that it doesn't",
                    do="see daemon.log in its state folder",
                )
            if not doorbell.is_attended(self._folder):
                time.sleep(_POLL_S)  # another one is just leaving, or just starting

    def _start_daemon(self) -> bool:
        """Whether a daemon was started, or is there already."""
        try:
            with open(self._folder / "daemon.log", "ab", opener=_private) as log:
                # Its own environment: the hub's holds secrets, and the daemon outlives it.
                return not subprocess.run(
                    [sys.executable, "-I", "-X", "utf8", "-m", _DAEMON, str(self._folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=own_environment(),
                    start_new_session=True,
                    check=False,
                ).returncode
        except OSError:  # no disk, no process: as if it had been tried
            return False

    def _wait_until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise SchedulerUnavailableError(
                    expected=what, found=f"that it takes more than {seconds:.0f} s", do="see daemon.log, and try again"
                )
            time.sleep(_POLL_S)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _wrapper(row: Row) -> Claim:
    return Claim(row.raw["pid"], row.raw["pid_started"], row.raw["boot"])


def _row(db: sqlite3.Connection, job: JobId) -> Row:
    raw = db.execute("SELECT * FROM job WHERE id = ?", (job,)).fetchone()
    if raw is None:
        raise no_such_job(job)
    return Row(raw)


def no_such_job(job: str) -> UnknownJobError:
    """What is said of an id that isn't one."""
    return UnknownJobError(expected="the id of a job", found=repr(str(job)), do="see the list of your jobs")


def _cancel(db: sqlite3.Connection, row: Row) -> None:
    if row.phase == "pending":
        update(db, row.id, phase="cancelled", ended=time.time(), env="{}")
    elif row.phase in _LIVE_PHASES:
        update(db, row.id, intent="cancel")


def refuse_beyond(spec: JobSpec) -> None:
    """Refuses kinds of jobs that the scheduler of one machine doesn't know.

    Raises:
        JobRefusedError: this is one.
    """
    beyond = {
        "more than one host": spec.hosts > 1,
        "shares of a GPU": spec.gpu_shares > 0,
        f"topology {spec.topology}": spec.topology is not Topology.ANY,
        "an array": spec.array is not None,
        "a container": spec.container is not None,
    }
    if asked := [what for what, is_asked in beyond.items() if is_asked]:
        raise JobRefusedError(
            expected="what the scheduler of one machine can do", found=asked[0], do="leave it out, or use LSF or Slurm"
        )


def _refuse_impossible(spec: JobSpec, capacity: Capacity) -> None:
    refuse_beyond(spec)
    if not capacity.room.holds(need_of(spec)):
        raise JobRefusedError(
            expected=f"at most {len(capacity.gpus)} GPUs, {capacity.cpus} cores and {capacity.memory_mb} MiB",
            found=f"{spec.gpus} GPUs, {spec.cpus} cores and {spec.memory_mb} MiB asked for",
            do="ask for what this machine has",
        )
    if spec.gpus and spec.gpu_model not in {None, capacity.gpu_model}:
        raise JobRefusedError(
            expected=f"the GPU model {capacity.gpu_model or '(none declared)'}",
            found=f"{spec.gpu_model}",
            do="ask for that one, or for any",
        )
