"""A project's rows: one SQLite file, opened with its schema brought up to date.

A store is used through two kinds of transaction. `reading()` sees one consistent state and blocks nobody. `writing()` takes
the write lock at its begin, so that what it reads is still true when it writes; it commits at the end or leaves no trace.

SQLite is safe only where every process that writes runs on one host, so that a network file system is refused.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.migrate import bring_up_to_date

NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
)
BUSY_SECONDS = 30


class Store:
    """The database of one project.

    Safe to share between threads; another process opens its own on the same file.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its begin to its end."""
        with self._engine.connect().execution_options(ccds_begin="BEGIN IMMEDIATE") as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Closes the connections that wait for reuse."""
        self._engine.dispose()


def open_store(path: Path) -> Store:
    """Opens, or makes, the SQLite database at `path` and brings its schema up to date.

    Raises:
        CcdsError: the folder is missing, lies on a network file system, or the file is no database of ours or of a newer version.
    """
    if not path.parent.is_dir():
        raise CcdsError(
            expected=f"the folder {path.parent}", found="none", do="apply the project's IRB application first"
        )
    refuse_network(path.parent, file_system_of(path.parent))
    engine = create_engine(f"sqlite+pysqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        with _only_one(path):
            bring_up_to_date(engine)
            path.chmod(0o660)
    except DatabaseError as error:
        raise CcdsError(
            expected=f"a project database at {path}", found=str(error.orig), do="restore the file from the backup"
        ) from None
    return Store(engine)


def file_system_of(folder: Path) -> str:
    """The type of the file system that holds `folder`, as the kernel calls it; empty where it isn't known."""
    folder = folder.resolve()
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    return next((mounts[place] for place in (folder, *folder.parents) if place in mounts), "")


def refuse_network(folder: Path, file_system: str) -> None:
    """Refuses a file system on which SQLite's locks can't be trusted.

    Raises:
        CcdsError: `file_system` is one of `NETWORK_FILE_SYSTEMS`.
    """
    if file_system in NETWORK_FILE_SYSTEMS:
        raise CcdsError(
            expected="a project directory on a local disk, as SQLite needs it",
            found=f"{folder} on {file_system}",
            do="move [paths] projects to a local disk",
        )


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: see _begin
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(options.get("ccds_begin", "BEGIN"))


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Holds a file lock, so that two processes don't migrate one database at once."""
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o660)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
