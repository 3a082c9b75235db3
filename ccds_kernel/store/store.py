"""The rows of a project, or of whatever else has a folder: one SQLite file, opened with its schema brought up to date.

A store is used through two kinds of transaction. `reading()` sees one consistent state, blocks nobody, and can't write.
`writing()` takes the write lock at its begin, so that what it reads is still true when it writes; it commits at the end or
leaves no trace.

SQLite is safe only where every process that writes runs on one host, so that a network file system is refused.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.migrate import bring_up_to_date

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "gpfs", "juicefs", "lustre", "mfs", "nfs",
        "nfs4", "ocfs2", "panfs", "pvfs2", "rclone", "s3fs", "smb2", "smb3", "smbfs", "sshfs", "wekafs",
    }
)  # fmt: skip
"""File systems that several hosts write, as the kernel calls them, without the `fuse.` that may stand before."""

BUSY_SECONDS = 30

_REMEDIES = {
    sqlite3.SQLITE_BUSY: "try again: somebody else has been writing all the time",
    sqlite3.SQLITE_LOCKED: "try again: somebody else has been writing all the time",
    sqlite3.SQLITE_CANTOPEN: "let whoever runs this site mend the permissions of the {folder}",
    sqlite3.SQLITE_READONLY: "let whoever runs this site mend the permissions of the {folder}",
    sqlite3.SQLITE_FULL: "make room on the disk of the {folder}",
    sqlite3.SQLITE_IOERR: "let whoever runs this site look at the disk of the {folder}",
    sqlite3.SQLITE_CORRUPT: "restore the file from the backup",
    sqlite3.SQLITE_NOTADB: "restore the file from the backup",
}
"""What people can do about the failures that aren't ours, by SQLite's primary result code."""


@dataclass(frozen=True)
class Home:
    """What a store belongs to, for the words of its errors.

    Attributes:
        database: what people call the database.
        folder: what they call its folder.
        setting: names the place of all such folders, under [paths].
        make: what makes a folder that isn't there.
    """

    database: str
    folder: str
    setting: str
    make: str


PROJECT = Home("project database", "project directory", "projects", "apply the project's IRB application first")


class Store:
    """One database.

    Safe to share between threads; another process opens its own on the same file.
    """

    def __init__(self, engine: Engine, home: Home) -> None:
        self._engine = engine
        self._home = home

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads.

        Raises:
            CcdsError: the database can't be read.
        """
        with _told_plainly(self._home), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its begin to its end.

        Raises:
            CcdsError: the database can't be written, or others didn't end in time.
        """
        with (
            _told_plainly(self._home),
            self._engine.connect().execution_options(ccds_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Closes the connections that wait for reuse."""
        self._engine.dispose()


def open_store(path: Path, *, home: Home = PROJECT, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Opens, or makes, the SQLite database at `path` and brings its schema up to date.

    Args:
        path: the file.
        home: what it belongs to.
        busy_seconds: how long a transaction waits for others to end before it gives up.

    Raises:
        CcdsError: the folder is missing, can't be written or lies on a network file system, or the file is no database of ours or
            of a newer version.
    """
    if not path.parent.is_dir():
        raise CcdsError(expected=f"the folder {path.parent}", found="none", do=home.make)
    refuse_network(path.parent, file_system_of(path.parent), home)
    # hide_parameters: what is bound to a statement is patient text, and must not end in an exception's message.
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)), connect_args={"timeout": busy_seconds}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        with _told_plainly(home), _only_one(path):
            _make_shared(path)
            bring_up_to_date(engine)
    except OSError as error:
        engine.dispose()
        raise CcdsError(
            expected=f"to write the folder {path.parent}",
            found=error.strerror or "an error",
            do="let whoever runs this site mend its permissions",
        ) from None
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, home)


def file_system_of(folder: Path) -> str:
    """The type of the file system that holds `folder`, as the kernel calls it; empty where it isn't known."""
    folder = folder.resolve()
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    return next((mounts[place] for place in (folder, *folder.parents) if place in mounts), "")


def refuse_network(folder: Path, file_system: str, home: Home = PROJECT) -> None:
    """Refuses a file system on which SQLite's locks can't be trusted.

    Raises:
        CcdsError: `file_system` is one of `NETWORK_FILE_SYSTEMS`.
    """
    if file_system.lower().removeprefix("fuse.") in NETWORK_FILE_SYSTEMS:
        raise CcdsError(
            expected=f"a {home.folder} on a local disk, as SQLite needs it",
            found=f"{folder} on {file_system}",
            do=f"move [paths] {home.setting} to a local disk",
        )


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: see _begin
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("ccds_writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told_plainly(home: Home) -> Iterator[None]:
    """Turns what the machine or other people cause into a `CcdsError`; a mistake in our SQL stays what it is."""
    try:
        yield
    except DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
        if code not in _REMEDIES:
            raise
        found = f"{error.orig} ({getattr(error.orig, 'sqlite_errorname', '')})"
        do = _REMEDIES[code].format(folder=home.folder)
        raise CcdsError(expected=f"a {home.database} that can be used", found=found, do=do) from None


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Holds a file lock, so that two processes don't make or migrate one database at once.

    SQLite's own locks cover the migration; switching a new file to the write-ahead log may fail at once while another does it.
    """
    _make_shared(path.with_suffix(".lock"))
    with path.with_suffix(".lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_shared(path: Path) -> None:
    """Makes `path` if it isn't there, for its owner and group whatever the umask; SQLite gives its own files the same."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o660)
    except FileExistsError:
        return
    try:
        os.fchmod(handle, 0o660)
    finally:
        os.close(handle)
