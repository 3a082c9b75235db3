"""A store in one schema of a PostgreSQL database, which another role made: see `schemas`.

Whoever opens it is a role of the database: a session's, made for that session (`credentials`), or the administrator's. Its rights
hold whatever the program says. The schema is found by the connection's `search_path`, so that the same tables and migrations
serve SQLite.

A reading transaction is REPEATABLE READ READ ONLY. A writing one takes an advisory lock of its schema first, and is READ
COMMITTED: at REPEATABLE READ it would see what was true before it waited for that lock. The lock goes with the transaction, and
so with a process that dies. Rejected: SERIALIZABLE without a lock (whoever loses has to do everything again, the audit event
included).

The server tells a statement's values in the details of its errors: `Key (accession)=(…) already exists`. They are taken out of
every exception where it comes about.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import psycopg
from psycopg import IsolationLevel, errors
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import kept_password
from ccds_kernel.settings import DatabaseSettings
from ccds_kernel.store.migrate import refuse_other_schema
from ccds_kernel.store.transactions import BUSY_SECONDS, WRITES, DatabaseAwayError, Store, told_plainly

_DRIVER = "postgresql+psycopg"
_KEPT, AT_MOST = 1, 5
"""Connections of one process: kept for reuse, and at the same time."""

_BUSY = "try again: somebody else has been writing all the time"
_ENDED = (
    "start the session anew: its right to the database has ended (an administrator: look at [database] password_file)"
)
_SERVER = "let whoever runs this site look at the database server"
_REMEDIES: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.LockNotAvailable, _BUSY),
    (errors.DeadlockDetected, _BUSY),
    (errors.SerializationFailure, _BUSY),
    (errors.InsufficientPrivilege, "ask for a role in the project that may do this"),
    (errors.ReadOnlySqlTransaction, "ask for a role in the project that may do this"),
    (errors.AdminShutdown, "start the session anew if this stays: its right to the database may have ended"),
    (errors.TooManyConnections, "close what else is open of this session, and try again"),
    (errors.DiskFull, "make room on the disk of the database server"),
    (errors.OperationalError, _SERVER),  # what else has no fault in our SQL: no connection, no memory, a broken disk
    (errors.InternalError, _SERVER),
)
"""What people can do about the failures that aren't ours; the first that fits."""

_AWAY = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow)
_COMES_AND_GOES = (
    "the database system is starting up",
    "the database system is shutting down",
    "the database system is in recovery mode",
    "the database system is not yet accepting connections",
    "the database system is not accepting connections",
)
"""What a server says at its door that is being started or stopped (PostgreSQL's `ProcessStartupPacket`, `CAC_state`)."""


def administrator_login(settings: DatabaseSettings, state: Path) -> URL:
    """How the administrator's role logs in at a site whose state folder is `state`.

    Raises:
        CcdsError: its password can't be read, or others can read it too.
    """
    password = kept_password(
        settings.password_path(state),
        "the database administrator's password",
        "run this as the service account, or in a session of the project",
    )
    return login(settings, settings.administrator, password)


def login(settings: DatabaseSettings, role: str, password: str) -> URL:
    """How `role` logs in. Shown or printed, it hides the password; `text_of` doesn't."""
    query: dict[str, str] = {"sslmode": settings.sslmode}
    if settings.root_certificate:
        query["sslrootcert"] = str(settings.root_certificate)
    host: str | None = settings.host
    if settings.host.startswith("/"):
        host, query = None, {"host": settings.host}  # a socket: TLS has no place there
    return URL.create(_DRIVER, role, password, host, settings.port, settings.name, query)


def text_of(where: URL) -> str:
    """`where` with its password, for the environment of a session: the URL that `psql` and others take, too."""
    return where.set(drivername="postgresql").render_as_string(hide_password=False)


def login_from(told: str) -> URL:
    """Reads what `text_of` gave.

    Raises:
        CcdsError: it is nothing of that kind; the message doesn't quote it.
    """
    try:
        where = make_url(told)
    except (ArgumentError, ValueError):
        where = None
    if where is None or where.drivername != "postgresql" or not (where.username and where.password and where.database):
        raise CcdsError(
            expected="this session's right to the database in CCDS_DATABASE_URL",
            found="something else",
            do="start the session anew, and leave that variable alone",
        )
    return where.set(drivername=_DRIVER)


def open_schema(where: URL, schema: str, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Opens the store in `schema`, which is there and up to date.

    Args:
        where: the server, and who logs in.
        schema: the schema.
        busy_seconds: how long a transaction waits for others to end before it gives up.

    Raises:
        CcdsError: the server can't be reached, doesn't let this role in, or the schema is older or newer than this ccds.
    """
    engine = make_engine(where, busy_seconds=busy_seconds, schema=schema)
    try:
        with told_plainly(explained):
            _refuse_without_rights(engine, schema)
            refuse_other_schema(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, partial(_explained_of, engine, schema))


def make_engine(where: URL, *, busy_seconds: float = BUSY_SECONDS, schema: str = "") -> Engine:
    """Connections as `where` says, few of them, each transaction reading or writing as `WRITES` says.

    Args:
        where: the server, and who logs in.
        busy_seconds: how long a transaction waits for a lock, and how long a thread waits for a connection.
        schema: the one in which names without a schema are looked up; none, where it is empty.
    """
    options = {
        "search_path": quoted(schema) if schema else "",
        "lock_timeout": int(busy_seconds * 1000),
        "TimeZone": "UTC",  # times are told as SQLite tells them, whatever the server's zone
    }
    engine = create_engine(
        where,
        connect_args={
            "application_name": "ccds",
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
        hide_parameters=True,  # what is bound to a statement is patient text, and must not end in an exception's message
        pool_pre_ping=True,
        pool_size=_KEPT,
        max_overflow=AT_MOST - _KEPT,
        pool_timeout=busy_seconds,
    )
    event.listen(engine, "begin", partial(_begin, schema))
    event.listen(engine, "handle_error", _without_values)
    return engine


def quoted(name: str) -> str:
    """`name` as SQL writes it, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def lock(connection: Connection, name: str) -> None:
    """Waits for the lock `name` of this database, which writers of a schema of that name hold, until the transaction's end."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"ccds {name}"})


def explained(error: DBAPIError) -> CcdsError | None:
    """What people are told of `error`; None for a mistake in our SQL."""
    return told_of(error.orig) if isinstance(error.orig, psycopg.Error) else None


def _explained_of(engine: Engine, schema: str, error: DBAPIError) -> CcdsError | None:
    """As `explained`, for a store: to who lost every right to the schema meanwhile the server says that it has no such table."""
    if isinstance(error.orig, errors.UndefinedTable):
        try:
            _refuse_without_rights(engine, schema)
        except CcdsError as told:
            return told
    return explained(error)


def told_of(error: psycopg.Error) -> CcdsError | None:
    """What people are told of the driver's `error`; None for a mistake in our SQL."""
    away = _is_away(error)
    if (
        not away and error.sqlstate is None and "FATAL" in str(error)
    ):  # the server was reached and closed the door: it gives no code then
        found = "a server that doesn't let this role in"
        return CcdsError(expected="a project database that can be used", found=found, do=_ENDED)
    do = next((do for kind, do in _REMEDIES if isinstance(error, kind)), None)
    if do is None:
        return None
    kind = DatabaseAwayError if away else CcdsError
    return kind(expected="a project database that can be used", found=_harmless(error), do=do)


def _is_away(error: psycopg.Error) -> bool:
    """Whether it is the connection that failed, and not what was asked for: nor the role, which stays refused."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    if error.sqlstate is not None:
        return isinstance(error, _AWAY) or error.sqlstate.startswith("08")
    told = str(error)
    return "FATAL" not in told or any(words in told for words in _COMES_AND_GOES)


def _begin(schema: str, connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - tells mypy what the engine's URL says
    driver.isolation_level = IsolationLevel.READ_COMMITTED if writes else IsolationLevel.REPEATABLE_READ
    driver.read_only = not writes
    if writes:
        lock(connection, schema)


def _refuse_without_rights(engine: Engine, schema: str) -> None:
    query = text("SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = :schema")
    with engine.connect() as connection:
        usable = connection.scalar(query, {"schema": schema})
    if usable is None:
        raise CcdsError(
            expected=f"the schema {schema} of the project", found="none", do="apply the project's IRB application first"
        )
    if not usable:
        raise CcdsError(
            expected="a right to the project's database", found="none", do="start a session of that project"
        )


def _without_values(context: ExceptionContext) -> None:
    """Leaves of the server's error what names tables and rules, and takes out what quotes their rows."""
    error, told = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, psycopg.Error):
        harmless = _harmless(error)
        error.args = (harmless,)
        if told is not None:
            told.args = (f"({type(error).__module__}.{type(error).__name__}) {harmless}",)


def _harmless(error: psycopg.Error) -> str:
    """The error's first line; of those that quote a value only its name."""
    if isinstance(error, psycopg.DataError):
        return type(error).__name__
    return error.diag.message_primary or (str(error).splitlines() or [type(error).__name__])[0]
