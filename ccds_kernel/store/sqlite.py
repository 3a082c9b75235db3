"""A store in one SQLite file, its schema brought up to date when it is opened.

SQLite is safe only where every process that writes runs on one host, so that a network file system is refused.

A project's database lies in a directory that its users can't write: nobody renames or replaces it. SQLite makes and removes
two files beside it, the write-ahead log and its index, which such a user can't: they are made beforehand. A user who is the
last to close leaves them: SQLite doesn't mind that it can't remove them, and finds them as they are when it opens again. Root
could remove them, and is kept from it (`_Guard`). Rejected: making them anew after root's last close, since whoever opens in
between finds none.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path

import psutil
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import take_lock
from ccds_kernel.store.migrate import bring_up_to_date
from ccds_kernel.store.transactions import BUSY_SECONDS, PROJECT, WRITES, Home, Store, told_plainly

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "gpfs", "juicefs", "lustre", "mfs", "nfs",
        "nfs4", "ocfs2", "panfs", "pvfs2", "rclone", "s3fs", "smb2", "smb3", "smbfs", "sshfs", "wekafs",
    }
)  # fmt: skip
"""File systems that several hosts write, as the kernel calls them, without the `fuse.` that may stand before."""

_MODE = 0o660
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
    guard = _Guard(path.absolute())
    store = Store(engine, partial(_explained, home), closed=guard.leave)
    try:
        with told_plainly(partial(_explained, home)), _only_one(path):
            if _make_shared(path):
                _copy_blank(engine)
            bring_up_to_date(engine)
            guard.take()
    except OSError as error:
        store.close()
        raise CcdsError(
            expected=f"to write the folder {path.parent}",
            found=error.strerror or "an error",
            do="let whoever runs this site mend its permissions",
        ) from None
    except BaseException:
        store.close()
        raise
    return store


@cache
def blank_database() -> bytes:
    """The content of a database without rows, of the newest schema: for a place where its users can't make one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        open_store(path).close()
        return path.read_bytes()


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
            do=f"move [paths] {home.setting} to a local disk{home.otherwise}",
        )


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: see _begin
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _explained(home: Home, error: DBAPIError) -> CcdsError | None:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
    if code not in _REMEDIES:
        return None
    return CcdsError(
        expected=f"a {home.database} that can be used",
        found=f"{error.orig} ({getattr(error.orig, 'sqlite_errorname', '')})",
        do=_REMEDIES[code].format(folder=home.folder),
    )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Holds a file lock, so that two processes don't make or migrate one database at once.

    SQLite's own locks cover the migration; switching a new file to the write-ahead log may fail at once while another does it.
    """
    _make_shared(path.with_suffix(".lock"))
    with path.with_suffix(".lock").open("r+b") as lock:
        take_lock(lock.fileno(), "opens the project database for the first time")
        yield


def _make_shared(path: Path) -> bool:
    """Makes `path` if it isn't there, for its owner and group whatever the umask; SQLite gives its own files the same.

    Returns whether it made it.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError:
        return False
    try:
        os.fchmod(handle, _MODE)
    finally:
        os.close(handle)
    return True


@cache
def _blank() -> Engine:
    """A database in memory, without rows, of the newest schema."""
    engine = create_engine(
        "sqlite+pysqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    bring_up_to_date(engine)
    return engine


def _copy_blank(engine: Engine) -> None:
    """Copies the blank database into a new file, in one transaction: a process that makes several migrates only once.

    What stands against it stands against migrating as well, which comes next and says so.
    """
    with suppress(sqlite3.Error), _blank().connect() as blank, engine.connect() as new:
        blank.connection.backup(new.connection.driver_connection)  # the pool hands on what isn't its own


class _Guard:
    """Keeps SQLite from removing the write-ahead log and its index, where root is the last to close what a group uses.

    It is a connection that can only read: as long as it is open no other one is the last, and it can't take the lock under
    which they are removed. Where SQLite's own files would be root's alone, or nobody may remove them, there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def take(self) -> None:
        """Stands from now on, where it has to."""
        if os.geteuid() == 0 and self._path.stat().st_gid != os.getgid():
            self._connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes its lock

    def leave(self) -> None:
        """Stands no longer; called when every other connection is closed."""
        if self._connection is not None:
            self._connection.close()
