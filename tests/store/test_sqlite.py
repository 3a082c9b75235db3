"""A store in a SQLite file."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.store import NETWORK_FILE_SYSTEMS, Home, file_system_of, open_store, refuse_network
from ccds_kernel.store.tables import setting
from support.processes import READY, at_once
from support.store_contract import Place, StoreContract

OPENER = f"""
from pathlib import Path
from sqlalchemy import insert
from ccds_kernel.store.store import open_store
from ccds_kernel.store.tables import setting
{READY}store = open_store(Path(sys.argv[1]))
with store.writing() as connection:
    connection.execute(insert(setting).values(name=sys.argv[2], value="x"))
store.close()
"""


class File(Place):
    """A file, and a script that opens it."""

    opening = "open_store(Path(sys.argv[1]))"

    def __init__(self, path):
        self.path = path
        self.arguments = (str(path),)

    def open(self, *, busy_seconds=30):
        """Opens it."""
        return open_store(self.path, busy_seconds=busy_seconds)


class TestSqlite(StoreContract):
    """Every promise, in a file."""

    @pytest.fixture
    def place(self, path):
        """The project's database."""
        return File(path)


RECORD = Home("database of the record", "folder of the record", "clinical", "make the record")


@pytest.fixture
def path(tmp_path):
    """Where a project's database lies."""
    return tmp_path / "project.db"


@pytest.fixture
def store(path):
    """A new database."""
    store = open_store(path)
    yield store
    store.close()


def write(store, name="a", value="1"):
    """Keeps one value."""
    with store.writing() as connection:
        connection.execute(insert(setting).values(name=name, value=value))


def values(store):
    """All values, as another transaction sees them now."""
    with store.reading() as connection:
        return list(connection.scalars(select(setting.c.value).order_by(setting.c.name)))


def test_processes_that_open_a_new_database_at_once_make_one(path):
    """Each finds the schema whole; none meets another half way."""
    ends = at_once(OPENER, *((str(path), name) for name in "abcd"))

    store = open_store(path)
    assert ends == [0, 0, 0, 0]
    assert values(store) == ["x"] * 4
    store.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at\n" * 40, b"short"])
def test_a_file_that_is_no_database_is_told_and_left_alone(path, content):
    """Something else in the database's place is one line."""
    path.write_bytes(content)

    with pytest.raises(CcdsError) as raised:
        open_store(path)

    assert str(raised.value) == (
        "expected a project database that can be used; found file is not a database (SQLITE_NOTADB); "
        "restore the file from the backup"
    )
    assert path.read_bytes() == content


def test_a_damaged_database_is_told(path):
    """Pages that aren't what they were are one line, when opened or when read."""
    store = open_store(path)
    with store.writing() as connection:
        connection.execute(insert(setting), [{"name": f"n{number}", "value": "x" * 500} for number in range(200)])
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x55" * (len(content) - 4096))

    with pytest.raises(CcdsError, match="restore the file from the backup"):
        values(open_store(path))


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """A project without a directory was never applied."""
    with pytest.raises(CcdsError, match="found none; apply the project's IRB application first"):
        open_store(tmp_path / "none" / "project.db")


def test_a_folder_that_cannot_be_written_is_told():
    """Where no file can be made the line says so."""
    with pytest.raises(CcdsError, match="expected to write the folder /proc; found "):
        open_store(Path("/proc/project.db"))


@pytest.mark.parametrize("odd", ["a b", "100%20", "what?", "a#b", "é", "a;b&c=d"])
def test_whatever_the_folder_is_called_the_database_lies_in_it(tmp_path, odd):
    """The path is no URL."""
    folder = tmp_path / odd
    folder.mkdir()

    store = open_store(folder / "project.db")
    write(store)
    store.close()

    assert (folder / "project.db").read_bytes().startswith(b"SQLite format 3")
    assert [entry.name for entry in tmp_path.iterdir()] == [odd]


def test_the_group_shares_every_file_whatever_the_umask(path):
    """Database, write-ahead log and lock are for owner and group: the second to come must not find them closed."""
    before = os.umask(0o077)
    try:
        store = open_store(path)
        write(store)
        modes = {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)

    assert modes == dict.fromkeys(["project.db", "project.db-wal", "project.db-shm", "project.lock"], 0o660)


def test_the_permissions_that_a_site_gave_stay(path):
    """Opening again changes none: only the owner could, and others open it too."""
    open_store(path).close()
    path.chmod(0o600)

    open_store(path).close()

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_commit_is_on_disk_before_it_is_told(store):
    """Write-ahead log, synced at each commit."""
    with store.reading() as connection:
        pragmas = [
            connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert pragmas == ["wal", 2, 1]


@pytest.mark.parametrize("kind", [*sorted(NETWORK_FILE_SYSTEMS), "fuse.sshfs", "fuse.glusterfs", "NFS4"])
def test_a_network_file_system_is_refused(tmp_path, kind):
    """SQLite's locks can't be trusted there; the line says what to do."""
    with pytest.raises(CcdsError) as raised:
        refuse_network(tmp_path, kind)

    assert str(raised.value) == (
        f"expected a project directory on a local disk, as SQLite needs it; found {tmp_path} on {kind}; "
        "move [paths] projects to a local disk, or keep the rows in PostgreSQL ([database] engine)"
    )


def test_what_is_no_project_s_is_told_in_its_own_words(tmp_path):
    """Each line names what the database belongs to, and the setting that places it."""
    (tmp_path / "clinical.db").write_bytes(b"short")

    with pytest.raises(CcdsError, match=r"found none; make the record$"):
        open_store(tmp_path / "none" / "clinical.db", home=RECORD)
    with pytest.raises(CcdsError, match="expected a database of the record that can be used; found file is not"):
        open_store(tmp_path / "clinical.db", home=RECORD)
    with pytest.raises(CcdsError, match=r"expected a folder of the record on a local .*; move \[paths\] clinical to"):
        refuse_network(tmp_path, "nfs", RECORD)


def test_a_database_that_went_unreadable_names_its_folder(tmp_path):
    """After it was opened, too."""
    path = tmp_path / "clinical.db"
    store = open_store(path, home=RECORD)
    store.close()
    path.unlink()
    path.mkdir()

    with pytest.raises(CcdsError, match="let whoever runs this site mend the permissions of the folder of the record"):
        values(store)


@pytest.mark.parametrize(
    "kind", ["", "ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuseblk", "fuse.ext4"]
)
def test_a_local_file_system_is_not(tmp_path, kind):
    """What this machine alone writes is taken, and so is what nobody knows."""
    refuse_network(tmp_path, kind)


def test_the_file_system_is_the_one_that_holds_the_folder(tmp_path):
    """/proc is one of its own; a link counts for where it leads."""
    (tmp_path / "link").symlink_to("/proc")

    found = file_system_of(tmp_path / "link" / "self")

    assert found == "proc"
    assert file_system_of(tmp_path) != "proc"


def test_sqlite_here_is_one_that_we_know(path):
    """The result codes by which failures are told apart come with the exception."""
    path.write_bytes(b"nothing" * 1000)

    with pytest.raises(sqlite3.DatabaseError) as raised:
        sqlite3.connect(path).execute("PRAGMA journal_mode=WAL")

    assert raised.value.sqlite_errorcode == sqlite3.SQLITE_NOTADB
