"""What a session's credential lets in to, and how it ends."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.postgresql import open_schema, text_of
from support.store_contract import names, write
from support.waiting import until

KILLED = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from psycopg import Connection
from sqlalchemy import event, make_url
from ccds_kernel.store.credentials import SessionCredentials
from ccds_kernel.store.postgresql import make_engine
engine = make_engine(make_url(sys.argv[1]))
if sys.argv[4] == "before the commit":
    event.listen(engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
credentials = SessionCredentials(engine)
if sys.argv[3] == "issue":
    credentials.issue(sys.argv[2], "ann", "killed-lab", {"reports": False}, datetime.now(UTC) + timedelta(hours=1))
else:
    @event.listens_for(engine, "before_cursor_execute")
    def kill(connection, cursor, statement, *_):
        if "pg_terminate_backend" in statement:
            os.kill(os.getpid(), signal.SIGKILL)
    credentials.withdraw("ann", "killed-lab")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def connect(issue):
    """Connects as a session, with what any client would take from its environment."""
    opened = []

    def connect_it(**kind) -> psycopg.Connection:
        connection = psycopg.connect(text_of(issue(**kind)), autocommit=True)
        opened.append(connection)
        return connection

    yield connect_it
    for connection in opened:
        connection.close()


@pytest.fixture
def other(site) -> str:
    """The schema of another project."""
    schema = site.new_schema()
    site.schemas.prepare(schema, ["reports"])
    return schema


def issued_in(site, schema: str) -> list[tuple[str, str]]:
    """(person, session) of the credentials in `schema`."""
    return sorted((one.person, one.session) for one in site.credentials.issued() if one.schema == schema)


def test_a_session_reads_its_project_and_nothing_of_another(connect, schema, other):
    """However a table is named, and whatever the search path is set to."""
    session = connect()
    table = sql.SQL("SELECT count(*) FROM {}.report")

    assert session.execute(table.format(sql.Identifier(schema))).fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(table.format(sql.Identifier(other)))
    session.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(other)))
    with pytest.raises(psycopg.errors.UndefinedTable):
        session.execute("SELECT * FROM report")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE {schema}.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "CREATE FUNCTION {schema}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "DROP TABLE {schema}.report",
        "TRUNCATE {schema}.report",
        "ALTER TABLE {schema}.report DISABLE TRIGGER ALL",
        "INSERT INTO {schema}.setting VALUES ('study_key_secret', 'mine')",
        "UPDATE {schema}.alembic_version SET version_num = '9999'",
        "SELECT * FROM {schema}.prediction",
        "SET ROLE ccds_admin",
        "SET ROLE postgres",
        "SET ROLE {other_read}",
        "SET SESSION AUTHORIZATION ccds_admin",
        "GRANT {other_read} TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'",
        "ALTER ROLE CURRENT_USER CONNECTION LIMIT -1",
        "COMMENT ON ROLE {me} IS 'somebody else'",
        "SELECT rolpassword FROM pg_authid",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ccds_admin'",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY {schema}.report TO PROGRAM 'cat'",
    ],
)
def test_a_session_can_t_do_more_than_work_with_rows(site, connect, schema, other, statement):
    """It makes nothing, becomes nobody, prolongs nothing, and sees no password, also one that writes."""
    session = connect(write=True)
    names = {"schema": sql.Identifier(schema), "other_read": sql.Identifier(f"{other}_reports_read")}
    names["me"] = sql.Identifier(session.info.user)

    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
        session.execute(sql.SQL(statement).format(**names))

    assert site.schemas.plan({schema: ["reports"], other: ["reports"]}) == {}


def test_a_session_hands_none_of_its_rights_on(site, connect, schema):
    """The server says so with a warning only: what counts is that nothing was granted."""
    connect(write=True).execute(sql.SQL("GRANT SELECT ON {}.report TO PUBLIC").format(sql.Identifier(schema)))

    assert site.schemas.plan({schema: ["reports"]}) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {schema}.report (accession, study_key) VALUES ('b', 'b')",
        "UPDATE {schema}.report SET exam_code = 'x'",
        "DELETE FROM {schema}.report",
        "SELECT nextval('{schema}.report_id_seq')",
    ],
)
def test_a_session_that_reads_does_not_write(connect, schema, statement):
    """It is the role's right that says so: here nobody asked for a reading transaction."""
    session = connect()

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement.format(schema=f'"{schema}"').encode())


def test_a_session_has_the_rights_of_each_data_kind_that_it_was_given(site, schema):
    """Images are no reports: who has the right to one reads nothing of the other, and what the project keeps."""
    site.schemas.prepare(schema, ["images", "reports"])
    soon = datetime.now(UTC) + timedelta(hours=1)
    where = site.credentials.issue(schema, "ann", "x-lab", {"images": True}, soon).url
    with psycopg.connect(text_of(where), autocommit=True) as session:
        session.execute(sql.SQL("SELECT * FROM {}.setting").format(sql.Identifier(schema)))

        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(sql.SQL("SELECT * FROM {}.report").format(sql.Identifier(schema)))


def test_a_session_connects_to_no_other_database(issue):
    """Not even to the empty ones that every server has."""
    where = issue()

    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(text_of(where.set(database=database)))


def test_nothing_secret_is_shown_or_kept(site, schema):
    """Neither in what is printed of a credential, nor in the server's log or catalogue, which has its verifier only."""
    with site.server.as_superuser() as superuser:
        superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
        superuser.execute("SELECT pg_reload_conf()")
    until(lambda: _log_statement(site) == "all", "the server to log every statement")

    issued = site.credentials.issue(schema, "ann", "x", {"reports": True}, datetime.now(UTC) + timedelta(hours=1))

    with site.server.as_superuser() as superuser:
        superuser.execute("ALTER SYSTEM RESET log_statement")
        superuser.execute("SELECT pg_reload_conf()")
        kept = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [issued.role]).fetchone()
    log = site.server.log.read_text()
    assert f'CREATE ROLE "{issued.role}"' in log
    assert issued.url.password not in f"{issued}{issued!r}{issued.url}{log}{kept}"


def test_a_credential_that_expired_lets_nobody_in(issue, schema):
    """The server itself refuses it, and who comes is told to start anew."""
    where = issue(until=datetime.now(UTC) - timedelta(seconds=1))

    with pytest.raises(CcdsError, match="found a server that doesn't let this role in; start the session anew"):
        open_schema(where, schema)


def test_what_has_expired_is_dropped_and_cut(site, issue, schema):
    """Connections that are open when the time comes, too; those of other sessions go on."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    short, long = (
        issue(person=person, until=soon + timedelta(hours=more)) for person, more in (("ann", 0), ("bob", 2))
    )
    with (
        psycopg.connect(text_of(short), autocommit=True) as ann,
        psycopg.connect(text_of(long), autocommit=True) as bob,
    ):
        site.credentials.reap(soon)

        with pytest.raises(psycopg.OperationalError):
            ann.execute("SELECT 1")
        assert bob.execute("SELECT 1").fetchone() == (1,)
    assert issued_in(site, schema) == [("bob", f"{schema}-lab")]


def test_a_withdrawn_session_is_cut_and_does_not_come_back(site, issue, schema):
    """In the middle of its work, with a transaction open; withdrawing twice changes nothing more."""
    where = issue(write=True)
    store = open_schema(where, schema)

    withdrawn = []

    def work() -> None:
        with store.writing() as connection:
            connection.exec_driver_sql("INSERT INTO report (accession, study_key) VALUES ('a', 'a')")
            withdrawn.extend(site.credentials.withdraw("ann", f"{schema}-lab") for _ in range(2))
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(CcdsError, match="its right to the database"):
        work()

    assert withdrawn == [1, 0]
    with pytest.raises(CcdsError, match="doesn't let this role in"):
        names(store)
    store.close()
    assert issued_in(site, schema) == []


def test_only_that_session_of_that_person_is_withdrawn(site, issue, schema):
    """Another session of theirs, and a session of another person with the same name, go on."""
    issue(person="ann", session="x-lab")
    issue(person="ann", session="x-app")
    issue(person="bob", session="x-lab")

    site.credentials.withdraw("ann", "x-lab")

    assert issued_in(site, schema) == [("ann", "x-app"), ("bob", "x-lab")]


def test_what_a_credential_is_for_decides_whether_it_ends(site, issue, schema, other):
    """Person, session, rights and time are read back from the server; those of others aren't touched."""
    for person in ("ann", "bob"):
        issue(person=person, write=person == "ann")
    issue(person="ann", of=other)

    ended = site.credentials.withdraw_where(lambda one: one.schema == schema and one.rights == {"reports": True})

    assert ended == 1
    assert issued_in(site, schema) == [("bob", f"{schema}-lab")]
    assert issued_in(site, other) == [("ann", f"{other}-lab")]


def test_a_session_that_starts_again_has_one_credential(site, issue, schema):
    """The one before is gone, with its connections."""
    first = issue(write=True)
    store = open_schema(first, schema)

    second = issue(write=True)

    assert [one.role for one in site.credentials.issued() if one.schema == schema] == [second.username]
    with pytest.raises(CcdsError):
        write(store, "a")
    store.close()


def test_a_project_that_was_never_prepared_has_no_sessions(site):
    """Nothing is made."""
    schema = site.new_schema()

    with pytest.raises(
        CcdsError, match=f"expected the schema {schema} of the project with its roles; found none; apply"
    ):
        site.credentials.issue(schema, "ann", "x", {"reports": False}, datetime.now(UTC) + timedelta(hours=1))

    assert issued_in(site, schema) == []


def test_a_role_that_laid_something_down_elsewhere_loses_every_right(site, issue, schema):
    """In a database that isn't ours, of a server that wasn't closed as it should be: the role can't be dropped then."""
    where = issue(write=True)
    role = sql.Identifier(where.username)
    with site.server.as_superuser("postgres") as superuser:
        superuser.execute(sql.SQL("CREATE TABLE elsewhere (x int)"))
        superuser.execute(sql.SQL("ALTER TABLE elsewhere OWNER TO {}").format(role))

        withdrawn = site.credentials.withdraw("ann", f"{schema}-lab")

        left = superuser.execute(
            "SELECT rolcanlogin, pg_has_role(oid, %s, 'MEMBER') FROM pg_roles WHERE rolname = %s",
            [f"{schema}_reports_write", where.username],
        ).fetchall()
        superuser.execute("DROP TABLE elsewhere")
        superuser.execute(sql.SQL("DROP ROLE {}").format(role))
    assert withdrawn == 1
    assert left == [(False, False)]
    assert issued_in(site, schema) == []


@pytest.mark.parametrize("moment", ["before the commit", "after it"])
def test_a_hub_that_is_killed_while_it_issues_leaves_what_can_be_withdrawn(site, schema, moment):
    """Nothing, or a credential that nobody knows the password of, which the session's name finds."""
    _killed(site, schema, "issue", moment)

    left = issued_in(site, schema)

    assert left == ([] if moment == "before the commit" else [("ann", "killed-lab")])
    assert site.credentials.withdraw("ann", "killed-lab") == len(left)


@pytest.mark.parametrize("moment", ["before the commit", "after it"])
def test_a_hub_that_is_killed_while_it_withdraws_leaves_no_more_than_before(site, issue, schema, moment):
    """The session goes on whole, or its connections may do nothing, until the next who drops something cuts them."""
    where = issue(session="killed-lab")
    count = sql.SQL("SELECT count(*) FROM {}.report").format(sql.Identifier(schema))
    with psycopg.connect(text_of(where), autocommit=True) as session:
        _killed(site, schema, "withdraw", moment)

        if moment == "before the commit":
            assert session.execute(count).fetchone() == (0,)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(count)
        site.credentials.withdraw("ann", "killed-lab")

        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")


def _killed(site, schema: str, what: str, moment: str) -> None:
    """Issues or withdraws in a process that is killed at that moment."""
    administrator = site.server.administrator().render_as_string(hide_password=False)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, administrator, schema, what, moment], check=False, capture_output=True
    )
    assert ended.returncode == -9, ended.stderr.decode()


def _log_statement(site) -> str:
    with site.server.as_superuser() as superuser:
        return superuser.execute("SHOW log_statement").fetchone()[0]
