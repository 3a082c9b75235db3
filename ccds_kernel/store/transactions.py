"""What every store is: a database behind two kinds of transaction, whatever the engine.

`reading()` sees one consistent state, blocks nobody, and can't write. `writing()` takes the write lock at its begin, so that
what it reads is still true when it writes; it commits at the end or leaves no trace.

What makes a transaction the one or the other is the engine's affair: each listens to SQLAlchemy's `begin`, and looks at the
execution option `WRITES` of the connection that begins. So a transaction that Alembic begins is one of the two as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ccds_kernel.errors import CcdsError

WRITES = "ccds_writes"
"""The execution option by which a connection says that its transactions write."""

BUSY_SECONDS = 30

Explain = Callable[[DBAPIError], CcdsError | None]
"""An engine's error → what people are told; None for a mistake in our SQL."""


class DatabaseAwayError(CcdsError):
    """The database can't be reached just now, or its server ended the connection: tried again, the same may succeed.

    Of a transaction that was to be committed then nobody knows whether it was.
    """


@dataclass(frozen=True)
class Home:
    """What a store belongs to, for the words of its errors.

    Attributes:
        database: what people call the database.
        folder: what they call its folder.
        setting: names the place of all such folders, under [paths].
        make: what makes a folder that isn't there.
        otherwise: what else there is to do where that place is unfit for a database.
    """

    database: str
    folder: str
    setting: str
    make: str
    otherwise: str = ""


PROJECT = Home(
    "project database",
    "project directory",
    "projects",
    "apply the project's IRB application first",
    ", or keep the rows in PostgreSQL ([database] engine)",
)


class Store:
    """One database.

    Safe to share between threads; another process opens its own.

    Args:
        engine: what makes connections, and each of their transactions one of the two kinds.
        explain: what people are told of its errors.
        closed: called after the connections are closed.
    """

    def __init__(self, engine: Engine, explain: Explain, *, closed: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._explain = explain
        self._closed = closed

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads.

        Raises:
            DatabaseAwayError: its server is away.
            CcdsError: the database can't be read.
        """
        with told_plainly(self._explain), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its begin to its end.

        Raises:
            DatabaseAwayError: its server is away.
            CcdsError: the database can't be written, or others didn't end in time.
        """
        with (
            told_plainly(self._explain),
            self._engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Closes the connections that wait for reuse."""
        self._engine.dispose()
        self._closed()


@contextmanager
def told_plainly(explain: Explain) -> Iterator[None]:
    """Turns what the machine or other people cause into a `CcdsError`; a mistake in our SQL stays what it is."""
    try:
        yield
    except PoolTimeoutError:
        raise CcdsError(
            expected="a connection of this process to be free", found="none in time", do="try again: all are in use"
        ) from None
    except DBAPIError as error:
        told = explain(error)
        if told is None:
            raise
        raise told from None
