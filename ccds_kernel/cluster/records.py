"""Every session's record, in one SQLite file of the hub's: `cluster.sqlite` in the state folder.

The standard library's sqlite3, as for the local scheduler's table, and not the `store` package: these rows are the hub's own,
written by its one process on its one machine whatever database the projects have, and a hub that starts must wait for no
migration of theirs. Each note is a transaction, so kill -9 leaves the record as it was or as it should be, and each may come
twice: a hub that died in between says everything again. Rejected: reading it all from the audit log, which is the truth about
who saw what, has no queue in it, and is not to be opened for a picture of the cluster.

A note about a job of which nothing is known is dropped: it began before there were records.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import JobId
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.errors import CcdsError

NAME = "cluster.sqlite"
_VERSION = 2
_PATIENCE_S = 5.0
_LONGEST_SAID = 300

_SCHEMA = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL, project TEXT NOT NULL, session TEXT NOT NULL, job TEXT NOT NULL,
    gpus INTEGER NOT NULL, gpu_model TEXT, hours REAL NOT NULL, image TEXT,
    submitted REAL NOT NULL, started REAL, node TEXT,
    ended REAL, how TEXT, said TEXT NOT NULL DEFAULT '',
    idle_s REAL,                                    -- NULL: never measured
    gpus_measured INTEGER NOT NULL DEFAULT 0,
    cores INTEGER NOT NULL DEFAULT 0                -- 0: not recorded
) STRICT;
CREATE UNIQUE INDEX live_job ON session(job) WHERE ended IS NULL;
CREATE INDEX of_person ON session(person, ended);
CREATE TABLE class (
    session INTEGER NOT NULL REFERENCES session(id), since REAL NOT NULL, priority_class TEXT NOT NULL
) STRICT;
CREATE INDEX of_session ON class(session)
"""
_FROM_1 = "ALTER TABLE session ADD COLUMN cores INTEGER NOT NULL DEFAULT 0"
_LIVE = "(SELECT id FROM session WHERE job = ? AND ended IS NULL)"


class Records:
    """The records in `folder`. Any thread may use it, and other processes of the hub's Unix user may read.

    Every method raises CcdsError where the file can't be used: locked for too long, damaged, or the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same mode
        except OSError as error:
            raise _unusable(error.strerror or "an error") from None
        with self._transaction("BEGIN IMMEDIATE") as db:
            _create(db)

    def note_submitted(
        self,
        job: JobId,
        *,
        person: str,
        project: str,
        session: str,
        priority_class: PriorityClass,
        at: datetime,
        gpus: int = 0,
        gpu_model: str | None = None,
        cores: int = 0,
        hours: float = 0.0,
        image: str | None = None,
    ) -> None:
        """The scheduler took `job`; said again of a job that lives, it changes nothing. See `SessionRecord` for the rest."""
        values = (person, project, session, job, gpus, gpu_model, cores, hours, image, at.timestamp())
        with self._transaction("BEGIN IMMEDIATE") as db:
            added = db.execute(
                "INSERT INTO session (person, project, session, job, gpus, gpu_model, cores, hours, image, submitted) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                values,
            )
            if added.rowcount:
                db.execute(
                    "INSERT INTO class VALUES (?, ?, ?)", (added.lastrowid, at.timestamp(), priority_class.value)
                )

    def note_started(self, job: JobId, *, node: str, at: datetime) -> None:
        """`job` runs, on `node`; the first start is the one that counts."""
        self._set("started = coalesce(started, ?), node = coalesce(node, ?)", job, at.timestamp(), node)

    def note_class(self, job: JobId, priority_class: PriorityClass, *, at: datetime) -> None:
        """`job` stands in that class now; nothing is added where it did already."""
        with self._transaction("BEGIN IMMEDIATE") as db:
            found = db.execute(
                f"SELECT session, priority_class FROM class WHERE session = {_LIVE} ORDER BY rowid DESC LIMIT 1",  # noqa: S608 - a constant
                (job,),
            ).fetchone()
            if found and found["priority_class"] != priority_class:
                db.execute(
                    "INSERT INTO class VALUES (?, ?, ?)", (found["session"], at.timestamp(), priority_class.value)
                )

    def note_idle(self, job: JobId, idle_s: float, *, gpus_measured: bool) -> None:
        """Nobody used `job` for that many seconds in all; `gpus_measured`: that its GPUs were at rest, too, was measured."""
        changes = (
            "gpus_measured = CASE WHEN idle_s IS NULL THEN ? ELSE min(gpus_measured, ?) END, "
            "idle_s = max(coalesce(idle_s, 0), ?)"
        )
        self._set(changes, job, gpus_measured, gpus_measured, idle_s)

    def note_ended(self, job: JobId, how: HowEnded, *, at: datetime, said: str = "") -> None:
        """`job` is over; the first word about its end stands. Of `said` one line is kept, not longer than is read on a card."""
        line = " ".join(said.split())[:_LONGEST_SAID]
        self._set("ended = ?, how = ?, said = ?", job, at.timestamp(), how.value, line)

    def of_person(self, person: str, since: datetime) -> tuple[SessionRecord, ...]:
        """This person's sessions that live or ended after `since`, the latest first."""
        return self._read("WHERE person = ? AND (ended IS NULL OR ended >= ?)", person, since.timestamp())

    def last_node(self, person: str, project: str) -> SessionRecord | None:
        """The node that this person had, or asked for, last in that project; an app session is none."""
        found = self._read(
            "WHERE id = (SELECT max(id) FROM session JOIN class ON class.session = id "
            "WHERE person = ? AND project = ? AND priority_class <> ?)",
            person,
            project,
            PriorityClass.APP.value,
        )
        return found[0] if found else None

    def all(self, since: datetime) -> tuple[SessionRecord, ...]:
        """Everybody's sessions that live or ended after `since`, the latest first."""
        return self._read("WHERE ended IS NULL OR ended >= ?", since.timestamp())

    def _set(self, changes: str, job: JobId, *values: object) -> None:
        with self._transaction("BEGIN IMMEDIATE") as db:
            db.execute(f"UPDATE session SET {changes} WHERE job = ? AND ended IS NULL", (*values, job))  # noqa: S608 - constants

    def _read(self, where: str, *values: object) -> tuple[SessionRecord, ...]:
        classes: dict[int, list[tuple[datetime, PriorityClass]]] = {}
        with self._transaction("BEGIN") as db:
            rows = db.execute(f"SELECT * FROM session {where} ORDER BY id DESC", values).fetchall()  # noqa: S608 - constants
            stood = db.execute(
                f"SELECT * FROM class WHERE session IN (SELECT id FROM session {where}) ORDER BY rowid",  # noqa: S608 - likewise
                values,
            )
            for row in stood:
                since, held = _utc(row["since"]), PriorityClass(row["priority_class"])
                classes.setdefault(row["session"], []).append((since, held))
        return tuple(_record(row, tuple(classes[row["id"]])) for row in rows)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE_S)) as db:
                db.row_factory = sqlite3.Row
                db.isolation_level = None
                db.execute(begin)
                yield db
                db.execute("COMMIT")  # an error closes the connection, which takes everything back
        except sqlite3.Error as error:
            raise _unusable(f"{type(error).__name__}: {error}") from error


def _create(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= _VERSION:
        raise CcdsError(
            expected=f"{NAME} of version {_VERSION} or older",
            found=f"version {version}",
            do="use the ccds that wrote it",
        )
    if version == 0:
        for statement in _SCHEMA.split(";\n"):
            db.execute(statement)
    elif version == 1:
        db.execute(_FROM_1)
    if version != _VERSION:
        db.execute(f"PRAGMA user_version = {_VERSION}")


def _record(row: sqlite3.Row, classes: tuple[tuple[datetime, PriorityClass], ...]) -> SessionRecord:
    return SessionRecord(
        person=row["person"],
        project=row["project"],
        session=row["session"],
        job=JobId(row["job"]),
        submitted=_utc(row["submitted"]),
        classes=classes,
        gpus=row["gpus"],
        gpu_model=row["gpu_model"],
        cores=row["cores"],
        hours=row["hours"],
        image=row["image"],
        started=None if row["started"] is None else _utc(row["started"]),
        node=row["node"],
        ended=None if row["ended"] is None else _utc(row["ended"]),
        how=None if row["how"] is None else HowEnded(row["how"]),
        said=row["said"],
        idle_s=row["idle_s"],
        gpus_measured=bool(row["gpus_measured"]),
    )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _unusable(found: str) -> CcdsError:
    return CcdsError(
        expected=f"{NAME} in the state folder to answer",
        found=found,
        do="try again; if it stays, look at the disk under the state folder",
    )
