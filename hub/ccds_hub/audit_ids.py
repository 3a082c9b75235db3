"""Which events the audit daemon has written already, so that one that is sent twice stands in the log once.

A table of hashes of person and id, kept up with the log by reading what came to it since the last look. The log is the truth: the
table is made anew from it where it is missing, and a crash between the two loses nothing. Held in memory, the ids of some
years would be gigabytes.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from ccds_kernel.audit.log import FileAuditSink

_TABLES = """
CREATE TABLE IF NOT EXISTS known (hash BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS read_to (project TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
"""
_HASH_BYTES = 16


class WrittenIds:
    """The ids of the log's entries. For one thread; raises `sqlite3.Error` where the table can't be used."""

    def __init__(self, path: Path, log: FileAuditSink) -> None:
        path.touch(mode=0o600)
        self._log = log
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # It needn't be as lasting as the log, only never damaged.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def has(self, person: str, event_id: str, project: str) -> bool:
        """Whether an event of that id of `person` stands in the chain of `project`.

        Raises:
            CcdsError: the log can't be read.
        """
        self._catch_up(project)
        found = self._db.execute("SELECT 1 FROM known WHERE hash = ?", (_hash(project, person, event_id),))
        return found.fetchone() is not None

    def close(self) -> None:
        """Closes the table."""
        self._db.close()

    def _catch_up(self, project: str) -> None:
        row = self._db.execute("SELECT offset FROM read_to WHERE project = ?", (project,)).fetchone()
        end = row[0] if row else 0
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for entry, behind in self._log.since(project, end):
                end = behind
                if event_id := entry.get("id"):
                    values = _hash(project, str(entry.get("person")), str(event_id))
                    self._db.execute("INSERT OR IGNORE INTO known VALUES (?)", (values,))
            self._db.execute("INSERT OR REPLACE INTO read_to VALUES (?, ?)", (project, end))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise


def _hash(project: str, person: str, event_id: str) -> bytes:
    text = f"{project}\0{person}\0{event_id}".encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=_HASH_BYTES).digest()
