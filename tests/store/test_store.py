"""Opening a project's database, and its two kinds of transaction."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.store import NETWORK_FILE_SYSTEMS, Home, file_system_of, open_store, refuse_network
from ccds_kernel.store.tables import setting
from support.processes import READY, at_once

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

COUNTER = f"""
from pathlib import Path
from sqlalchemy import select, update
from ccds_kernel.store.store import open_store
from ccds_kernel.store.tables import setting
store = open_store(Path(sys.argv[1]))
{READY}for _ in range(int(sys.argv[2])):
    with store.writing() as connection:
        count = int(connection.scalar(select(setting.c.value)))
        connection.execute(update(setting).values(value=str(count + 1)))
store.close()
"""


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


def test_processes_that_write_at_once_wait_for_each_other(path, store):
    """What a writer read is still true when it writes: no count gets lost."""
    write(store, value="0")

    ends = at_once(COUNTER, *[(str(path), "40")] * 3)

    assert ends == [0, 0, 0]
    assert values(store) == ["120"]


def test_a_reader_sees_one_state_and_blocks_nobody(store):
    """What is committed meanwhile shows in the next transaction, not in this one."""
    write(store, "a", "1")

    with store.reading() as connection:
        before = connection.scalars(select(setting.c.value)).all()
        write(store, "b", "2")
        after = connection.scalars(select(setting.c.value)).all()

    assert before == after == ["1"]
    assert values(store) == ["1", "2"]


def test_a_reader_does_not_see_what_is_not_committed(store):
    """A transaction that is under way shows to itself only."""
    with store.writing() as connection:
        connection.execute(insert(setting).values(name="a", value="1"))
        meanwhile = values(store)

    assert meanwhile == []
    assert values(store) == ["1"]


def test_a_transaction_that_fails_leaves_no_trace(store):
    """Whatever goes wrong in the block, nothing of it is kept, and the lock is free."""
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(insert(setting), [{"name": "a", "value": "1"}, {"name": "a", "value": "1"}])

    write(store, "b", "2")

    assert values(store) == ["2"]


def test_a_reading_transaction_cannot_write(store):
    """It is refused by the database, also on a connection that has written before; writing goes on working."""
    write(store, "a", "1")

    with pytest.raises(CcdsError, match="attempt to write a readonly database"), store.reading() as connection:
        connection.execute(insert(setting).values(name="b", value="2"))
    write(store, "c", "3")

    assert values(store) == ["1", "3"]


def test_what_is_bound_to_a_statement_is_in_no_message(store):
    """An exception may end in a log: it holds the statement, never the text of a report."""
    write(store, "a", "1")

    with pytest.raises(IntegrityError) as raised:
        write(store, "a", "no acute effusion")

    assert "effusion" not in str(raised.value)
    assert "INSERT INTO setting" in str(raised.value)


def test_a_mistake_in_our_sql_is_not_told_as_the_machine_s(store):
    """A defect stays one, with its traceback for whoever mends it."""
    with pytest.raises(DatabaseError, match="no such table"), store.reading() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_a_writer_keeps_others_out_from_its_begin(path, store):
    """The lock is taken before anything is written; whoever waited too long for it is told to try again."""
    impatient = open_store(path, busy_seconds=0.05)

    with (
        store.writing(),
        pytest.raises(CcdsError, match=r"database is locked \(SQLITE_BUSY\); try again: somebody else"),
        impatient.writing(),
    ):
        pytest.fail("two held the lock")

    write(impatient)
    impatient.close()
    assert values(store) == ["1"]


def test_references_are_kept(store):
    """Foreign keys hold: SQLite checks them only where it is told to on each connection."""
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), store.writing() as connection:
        connection.execute(text("INSERT INTO report_section VALUES (7, 0, 'findings', 'x')"))


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
