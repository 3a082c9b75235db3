"""What every store must do, whatever its engine: one class of tests, run on each.

A subclass gives the fixture `place`: a new, empty store that can be opened here and in other processes.
"""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tables import report
from ccds_kernel.store.store import Store
from support.processes import READY, at_once


class Place(ABC):
    """Where one store lies. `opening` is a Python expression that opens it in a process with `arguments`."""

    opening: str
    arguments: tuple[str, ...]

    @abstractmethod
    def open(self, *, busy_seconds: float = 30) -> Store:
        """Opens it."""


def write(store: Store, *names: str) -> None:
    """Keeps one row for each of `names`."""
    with store.writing() as connection:
        connection.execute(insert(report), [{"accession": name, "study_key": name} for name in names])


def names(store: Store) -> list[str]:
    """The names of all rows, as another transaction sees them now."""
    with store.reading() as connection:
        return list(connection.scalars(select(report.c.accession).order_by(report.c.accession)))


def counter_script(place: Place) -> str:
    """Adds one to the number in the only row, as often as the last argument says, one transaction each."""
    return f"""
from pathlib import Path
from sqlalchemy import select, update, make_url
from ccds_kernel.labeling.tables import report
from ccds_kernel.store.postgresql import open_schema
from ccds_kernel.store.store import open_store
store = {place.opening}
{READY}for _ in range(int(sys.argv[-1])):
    with store.writing() as connection:
        count = int(connection.scalar(select(report.c.exam_code)))
        connection.execute(update(report).values(exam_code=str(count + 1)))
store.close()
"""


class StoreContract:
    """Every promise of the port."""

    @pytest.fixture
    def store(self, place):
        """The place's store, open."""
        store = place.open()
        yield store
        store.close()

    def test_processes_that_write_at_once_wait_for_each_other(self, place, store):
        """What a writer read is still true when it writes: no count gets lost."""
        write(store, "a")
        with store.writing() as connection:
            connection.execute(update(report).values(exam_code="0"))

        ends = at_once(counter_script(place), *[(*place.arguments, "40")] * 3)

        assert ends == [0, 0, 0]
        with store.reading() as connection:
            assert connection.scalar(select(report.c.exam_code)) == "120"

    def test_threads_that_write_at_once_wait_for_each_other(self, store):
        """One store serves a process's threads, also more of them than it has connections."""
        with ThreadPoolExecutor(12) as threads:
            list(threads.map(lambda number: write(store, f"{number:02}"), range(48)))

        assert names(store) == [f"{number:02}" for number in range(48)]

    def test_a_reader_sees_one_state_and_blocks_nobody(self, store):
        """What is committed meanwhile shows in the next transaction, not in this one."""
        write(store, "a")

        with store.reading() as connection:
            before = connection.scalars(select(report.c.accession)).all()
            write(store, "b")
            after = connection.scalars(select(report.c.accession)).all()

        assert before == after == ["a"]
        assert names(store) == ["a", "b"]

    def test_a_reader_does_not_see_what_is_not_committed(self, store):
        """A transaction that is under way shows to itself only."""
        with store.writing() as connection:
            connection.execute(insert(report).values(accession="a", study_key="a"))
            meanwhile = names(store)

        assert meanwhile == []
        assert names(store) == ["a"]

    def test_a_writer_sees_what_was_committed_while_it_waited(self, place, store):
        """Its first look at the rows comes after the lock, not before."""
        write(store, "a")
        other = place.open()

        with ThreadPoolExecutor(1) as threads:
            with store.writing() as connection:
                waiting = threads.submit(_names_in_a_writing_transaction, other)
                connection.execute(insert(report).values(accession="b", study_key="b"))
            seen = waiting.result(30)

        other.close()
        assert seen == ["a", "b"]

    def test_a_transaction_that_fails_leaves_no_trace(self, store):
        """Whatever goes wrong in the block, nothing of it is kept, and the lock is free."""
        with pytest.raises(IntegrityError):
            write(store, "a", "a")

        write(store, "b")

        assert names(store) == ["b"]

    def test_a_reading_transaction_cannot_write(self, store):
        """It is refused by the database, also on a connection that has written before; writing goes on working."""
        write(store, "a")

        with pytest.raises(CcdsError, match=r"read-?only"), store.reading() as connection:
            connection.execute(insert(report).values(accession="b", study_key="b"))
        write(store, "c")

        assert names(store) == ["a", "c"]

    def test_what_is_bound_to_a_statement_is_in_no_message(self, store):
        """An exception may end in a log, with all that caused it: it holds the statement, never a row."""
        write(store, "MRN-4711")

        with pytest.raises(IntegrityError) as raised:
            write(store, "MRN-4711")

        assert "INSERT INTO report" in str(raised.value)
        causes = [raised.value, raised.value.orig, raised.value.__cause__]
        assert not [cause for cause in causes if "4711" in f"{cause} {cause!r} {cause.args}"]

    def test_a_mistake_in_our_sql_is_not_told_as_the_machine_s(self, store):
        """A defect stays one, with its traceback for whoever mends it."""
        with pytest.raises(DatabaseError, match=r"no such table|does not exist"), store.reading() as connection:
            connection.execute(text("SELECT * FROM nowhere"))

    def test_a_writer_keeps_others_out_from_its_begin(self, place, store):
        """The lock is taken before anything is written; whoever waited too long for it is told to try again."""
        impatient = place.open(busy_seconds=0.05)

        with (
            store.writing(),
            pytest.raises(CcdsError, match=r"(locked|lock timeout).*; try again: somebody else"),
            impatient.writing(),
        ):
            pytest.fail("two held the lock")

        write(impatient, "a")
        impatient.close()
        assert names(store) == ["a"]

    def test_references_are_kept(self, store):
        """Foreign keys hold."""
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"), store.writing() as connection:
            connection.execute(text("INSERT INTO report_section VALUES (7, 0, 'findings', 'x')"))


def _names_in_a_writing_transaction(store: Store) -> list[str]:
    with store.writing() as connection:
        return list(connection.scalars(select(report.c.accession).order_by(report.c.accession)))
