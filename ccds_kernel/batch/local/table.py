"""The local scheduler's jobs, in one SQLite file: the only state there is, shared by the daemon and all clients.

The standard library's sqlite3 and not the `store` package: this table belongs to one machine and one Unix user, never to a
project or PostgreSQL, and every client pays for the import. SQLite and not a file per job: a submit, its check for the
name and the daemon's decision are transactions, so kill -9 at any point leaves the row as it was or as it should be.
Rejected: the WAL journal. Clients that make the folder at the same moment get "locked" at once from the switch to it,
whatever their patience, and with connections as short as ours it is no faster.
The folder must be on a disk of this machine (the processes behind the rows are). 0700, its files 0600: they hold tokens.
A job's environment is wiped from its row when it ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.batch.local.dispatch import Capacity, Job, need
from ccds_kernel.batch.scheduler import SchedulerUnavailableError
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobId, JobState, JobStatus

_VERSION = 1
_PATIENCE_S = 5.0
"""How long a call waits for another one's transaction; with the start of a daemon still within the port's 10 s."""

_SCHEMA = """
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,           -- also the order of submission; never reused
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    priority_class TEXT NOT NULL,
    cpus INTEGER NOT NULL, memory_mb INTEGER NOT NULL, gpus INTEGER NOT NULL,
    wall_minutes REAL NOT NULL,
    requeueable INTEGER NOT NULL,
    command TEXT NOT NULL, env TEXT NOT NULL, cwd TEXT NOT NULL, log TEXT NOT NULL,
    phase TEXT NOT NULL DEFAULT 'pending',          -- pending, starting, running, or the state in which it ended
    intent TEXT,                                    -- why it is being stopped: cancel, preempt, wall
    told REAL,                                      -- when it was sent TERM
    attempt INTEGER NOT NULL DEFAULT 0,
    slots TEXT NOT NULL DEFAULT '[]',
    pid INTEGER, pid_started TEXT, boot TEXT,       -- its wrapper
    submitted REAL NOT NULL, started REAL, ended REAL,
    exit_code INTEGER, reason TEXT,
    requeues INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX live_name ON job(name) WHERE phase IN ('pending', 'starting', 'running');
CREATE INDEX live ON job(phase) WHERE phase IN ('pending', 'starting', 'running');
CREATE TABLE site (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
DEFAULT_GRACE_S = 10.0
LIVE = "phase IN ('pending', 'starting', 'running')"


@dataclass(frozen=True)
class Row:
    """One job as the file has it; the columns above, decoded. The repr leaves the environment out."""

    raw: sqlite3.Row

    def __repr__(self) -> str:
        return f"Row({self.raw['id']}, {self.raw['phase']})"

    @property
    def id(self) -> int:
        """The number of the job."""
        return int(self.raw["id"])

    @property
    def slots(self) -> tuple[str, ...]:
        """The GPU slots that it holds."""
        return tuple(json.loads(self.raw["slots"]))

    @property
    def phase(self) -> str:
        """See the schema."""
        return str(self.raw["phase"])

    def as_job(self) -> Job:
        """The job as the dispatch decision sees it."""
        raw = self.raw
        priority_class = PriorityClass(raw["priority_class"])
        return Job(
            id=JobId(str(raw["id"])),
            order=raw["id"],
            owner=raw["owner"],
            priority_class=priority_class,
            asks=need(priority_class, cpus=raw["cpus"], memory_mb=raw["memory_mb"], gpus=raw["gpus"]),
            preemptible=bool(raw["requeueable"]) and priority_class is PriorityClass.BATCH,
            running=raw["phase"] != "pending",
            stopping=raw["intent"] is not None,
            gpus=self.slots,
            started=raw["started"] or 0.0,
            wall_s=raw["wall_minutes"] * 60,
        )

    def as_status(self, node: str) -> JobStatus:
        """The job as the port's callers see it."""
        raw = self.raw
        runs = raw["phase"] == "running"
        state = JobState.PENDING if raw["phase"] == "starting" else JobState(raw["phase"])
        return JobStatus(
            id=JobId(str(raw["id"])),
            state=state,
            name=raw["name"],
            owner=raw["owner"],
            priority_class=PriorityClass(raw["priority_class"]),
            node=node if raw["started"] else None,
            exit_code=raw["exit_code"],
            reason=raw["reason"],
            submitted=_utc(raw["submitted"]),
            started=_utc(raw["started"]),
            ended=_utc(raw["ended"]),
            wall_ends=_utc(raw["started"] + raw["wall_minutes"] * 60) if runs else None,
            gpus_granted=self.slots,
            requeues=raw["requeues"],
        )


def _utc(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class Table:
    """The SQLite file in `folder`. Any thread or process may use it: each transaction has a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "jobs.db"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise SchedulerUnavailableError(
                expected="a state folder of this Unix user", found="another user's", do="choose a folder of your own"
            )
        folder.chmod(0o700)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same mode
        with self.write() as db:
            self._create(db)

    @property
    def exists(self) -> bool:
        """False when somebody removed the folder under us."""
        return self._path.exists()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that may write.

        Raises:
            SchedulerUnavailableError: the file is locked for too long, damaged, or the disk is full.
        """
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view. Raises as `write` does."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE_S)) as db:
                db.row_factory = sqlite3.Row
                db.isolation_level = None
                db.execute("PRAGMA secure_delete = ON")
                yield db
        except sqlite3.Error as error:
            raise SchedulerUnavailableError(
                expected="the local scheduler's jobs.db to answer",
                found=f"{type(error).__name__}: {error}",
                do="try again; if it stays, look at the disk under its state folder",
            ) from error

    def _create(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, _VERSION}:
            raise SchedulerUnavailableError(
                expected=f"jobs.db of version {_VERSION}", found=f"version {version}", do="use the ccds that wrote it"
            )
        if version == 0:
            for statement in _SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {_VERSION}")


def nothing_lives(db: sqlite3.Connection) -> bool:
    """Whether every job has ended."""
    return db.execute(f"SELECT 1 FROM job WHERE {LIVE}").fetchone() is None  # noqa: S608 - a constant


def live_rows(db: sqlite3.Connection) -> list[Row]:
    """Every job that has not ended, in the order of submission."""
    return [Row(raw) for raw in db.execute(f"SELECT * FROM job WHERE {LIVE} ORDER BY id")]  # noqa: S608 - a constant


def insert(db: sqlite3.Connection, spec: JobSpec, env: Mapping[str, str], now: float) -> int:
    """Adds a pending job; returns its number."""
    values = {
        "name": spec.name,
        "owner": spec.owner,
        "priority_class": spec.priority_class.value,
        "cpus": spec.cpus,
        "memory_mb": spec.memory_mb,
        "gpus": spec.gpus,
        "wall_minutes": spec.wall_minutes,
        "requeueable": int(spec.requeueable),
        "command": json.dumps(spec.command),
        "env": json.dumps(dict(env)),
        "cwd": str(spec.cwd),
        "log": str(spec.log),
        "submitted": now,
    }
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = db.execute(f"INSERT INTO job ({columns}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - our names
    return int(cursor.lastrowid or 0)


def update(db: sqlite3.Connection, job: int, **values: object) -> None:
    """Sets columns of one job."""
    columns = ", ".join(f"{key} = ?" for key in values)
    db.execute(f"UPDATE job SET {columns} WHERE id = ?", (*values.values(), job))  # noqa: S608 - column names are ours


def save_site(db: sqlite3.Connection, *, capacity: Capacity | None, grace_s: float | None) -> None:
    """Notes what the site declares (None: as before); the daemon reads it at each decision."""
    values = {"capacity": asdict(capacity) if capacity else None, "grace_s": grace_s}
    rows = [(key, json.dumps(value)) for key, value in values.items() if value is not None]
    db.executemany("INSERT OR REPLACE INTO site VALUES (?, ?)", rows)


def load_capacity(db: sqlite3.Connection) -> Capacity:
    """What the site declared last; one core without GPUs when it never did."""
    found = db.execute("SELECT value FROM site WHERE key = 'capacity'").fetchone()
    return Capacity(**json.loads(found[0])) if found else Capacity(cpus=1, memory_mb=1024)


def load_grace_s(db: sqlite3.Connection) -> float:
    """Seconds from TERM to KILL."""
    found = db.execute("SELECT value FROM site WHERE key = 'grace_s'").fetchone()
    return float(json.loads(found[0])) if found else DEFAULT_GRACE_S
