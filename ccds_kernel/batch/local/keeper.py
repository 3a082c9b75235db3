"""One step of the local scheduler: look at every live job, decide, carry it out.

Every change is in the table before it is acted on, so that kill -9 between any two lines is mended by the next step of
the next daemon: a job `starting` without a wrapper is declared void by taking the wrapper's claim away from it, an intent
without a TERM sent is sent again, an end that nobody noted is read from the exit file.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sqlite3
from pathlib import Path

from ccds_kernel.batch import wrapper
from ccds_kernel.batch.ending import Verdict
from ccds_kernel.batch.exits import Claim, ExitFile, read_claim, read_exit
from ccds_kernel.batch.local import runs
from ccds_kernel.batch.local.dispatch import plan
from ccds_kernel.batch.local.process import is_alive, members, tell
from ccds_kernel.batch.local.table import Row, Table, live_rows, load_capacity, load_grace_s, update
from ccds_kernel.batch.local.verdict import verdict
from ccds_kernel.batch.states import JobState

_LOOK_S = 1.0
"""How often running jobs are looked at without being asked to: a wrapper that was killed can't ring."""
IDLE_S = 600.0
"""How long a daemon stays without any running job and without being asked anything."""
_LAST_RESORT_S = 3.0
_KEEP_S = 30 * 24 * 3600.0
"""How long an ended job can still be asked about."""

_log = logging.getLogger("ccds.batch.local")


class Keeper:
    """The jobs in `folder`, kept going. One per folder: its caller holds the lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._table = Table(folder)

    @property
    def table(self) -> Table:
        """Where the jobs are."""
        return self._table

    def step(self, now: float) -> bool:
        """Does what is to be done at `now` (UTC seconds since 1970); True when another step may have more to do."""
        with self._table.write() as db:
            before = db.total_changes
            grace_s = load_grace_s(db)
            for row in live_rows(db):
                self._look_after(db, row, now, grace_s)
            rows = {row.id: row for row in live_rows(db)}
            decisions = plan([row.as_job() for row in rows.values()], load_capacity(db))
            for start in decisions.start:
                row = rows[int(start.id)]
                update(db, row.id, phase="starting", slots=json.dumps(start.gpus), attempt=row.raw["attempt"] + 1)
            for job in decisions.preempt:
                update(db, int(job), intent="preempt")
            changed = db.total_changes > before
        for start in decisions.start:
            self._begin(int(start.id), now)
        return changed

    def rest_s(self, now: float) -> float:
        """How long nothing will be to do unless somebody rings."""
        with self._table.read() as db:
            rows, grace_s = live_rows(db), load_grace_s(db)
        moments = [_next_moment(row, grace_s) for row in rows if row.phase == "running"]
        return max(0.01, min([_LOOK_S, *(moment - now for moment in moments)])) if moments else IDLE_S

    def forget_old(self, now: float) -> None:
        """Drops jobs that ended long ago, with their folders."""
        with self._table.write() as db:
            old = [row[0] for row in db.execute("SELECT id FROM job WHERE ended < ?", (now - _KEEP_S,))]
            db.executemany("DELETE FROM job WHERE id = ?", [(job,) for job in old])
        for job in old:
            shutil.rmtree(self._folder / "jobs" / str(job), ignore_errors=True)

    def _begin(self, job: int, now: float) -> None:
        """Starts the wrapper of a job that stands as `starting`; the next step mends whatever goes wrong here."""
        with self._table.write() as db:
            row = Row(db.execute("SELECT * FROM job WHERE id = ?", (job,)).fetchone())
            try:
                process = runs.begin(self._folder, row, load_grace_s(db))
            except OSError as error:
                _log.warning("job %s can't be started: %s", job, error.strerror)
                reason = f"the machine couldn't start it ({error.strerror})"
                self._end(db, row, Verdict(JobState.FAILED, reason), None, now)
                return
            _note_process(db, job, process, now)
        _log.info("job %s runs as process %s", job, process.pid)

    def _look_after(self, db: sqlite3.Connection, row: Row, now: float, grace_s: float) -> None:
        if row.phase == "starting":
            self._recover(db, row, now)
        elif row.phase == "running":
            self._watch(db, row, now, grace_s)

    def _recover(self, db: sqlite3.Connection, row: Row, now: float) -> None:
        """A daemon died between deciding and noting the wrapper: there is one, or there shall never be one."""
        run = runs.run_dir(self._folder, row)
        process = None if not run.is_dir() or wrapper.claim(run, 0) else read_claim(run)
        if process is None or process.pid == 0:
            runs.forget_secrets(run)
            if row.raw["intent"] == "cancel":
                self._end(db, row, Verdict(JobState.CANCELLED), None, now)
            else:
                update(db, row.id, phase="pending", slots="[]")
            return
        _note_process(db, row.id, process, now)
        _log.info("job %s was adopted as process %s", row.id, process.pid)

    def _watch(self, db: sqlite3.Connection, row: Row, now: float, grace_s: float) -> None:
        run = runs.run_dir(self._folder, row)
        process = Claim(row.raw["pid"], row.raw["pid_started"], row.raw["boot"])
        alive = is_alive(process)  # before looking for the exit file: it is written while the wrapper lives
        if exit_file := read_exit(run):
            self._judge(db, row, exit_file, now)
        elif alive:
            self._press(db, row, now, grace_s, [process])
        elif remaining := members(run):
            # The wrapper was killed but not the command: that is no end. Signals now go to the command itself.
            self._press(db, row, now, grace_s, remaining)
        else:
            self._judge(db, row, None, now)

    def _press(self, db: sqlite3.Connection, row: Row, now: float, grace_s: float, processes: list[Claim]) -> None:
        """Ends what has to end: TERM first; KILL when its wrapper hasn't managed to in time."""
        intent = row.raw["intent"]
        if intent is None and now >= row.raw["started"] + row.raw["wall_minutes"] * 60:
            intent = "wall"
            update(db, row.id, intent=intent)
        if intent is None:
            return
        if row.raw["told"] is None:
            _log.info("job %s is told to end: %s", row.id, intent)
            update(db, row.id, told=now)
            for process in processes:
                tell(process, signal.SIGTERM)
        elif now >= row.raw["told"] + grace_s + _LAST_RESORT_S:
            for process in [*processes, *members(runs.run_dir(self._folder, row))]:
                tell(process, signal.SIGKILL)

    def _judge(self, db: sqlite3.Connection, row: Row, exit_file: ExitFile | None, now: float) -> None:
        found = verdict(
            exit_file,
            row.raw["intent"],
            requeueable=row.as_job().preemptible,
            requeues=row.raw["requeues"],
            rebooted=row.raw["boot"] != wrapper.boot_id(),
        )
        if found.state is not JobState.PENDING:
            self._end(db, row, found, exit_file, now)
            return
        runs.forget_secrets(runs.run_dir(self._folder, row))
        free = {"phase": "pending", "intent": None, "told": None, "slots": "[]", "pid": None, "started": None}
        update(db, row.id, **free, requeues=row.raw["requeues"] + 1)
        _log.info("job %s is back in the queue", row.id)

    def _end(self, db: sqlite3.Connection, row: Row, found: Verdict, exit_file: ExitFile | None, now: float) -> None:
        runs.forget_secrets(runs.run_dir(self._folder, row))
        code, ended = (exit_file.code, exit_file.ended) if exit_file else (None, now)
        values = {"phase": found.state.value, "reason": found.reason, "exit_code": code, "ended": ended}
        update(db, row.id, **values, env="{}", slots="[]")
        _log.info("job %s ended: %s", row.id, found.state.value)


def _note_process(db: sqlite3.Connection, job: int, process: Claim, now: float) -> None:
    values = {"pid": process.pid, "pid_started": process.started, "boot": process.boot, "started": now}
    update(db, job, phase="running", **values)


def _next_moment(row: Row, grace_s: float) -> float:
    if row.raw["intent"] is None:
        return float(row.raw["started"] + row.raw["wall_minutes"] * 60)
    return float(row.raw["told"] or 0.0) + grace_s + _LAST_RESORT_S
