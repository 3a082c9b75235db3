"""What a session's credential lets in to; how it ends is in `test_credentials_ending`."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.postgresql import text_of
from support.postgresql import administrated, issued_in
from support.waiting import until


@pytest.fixture(scope="module")
def both(postgresql) -> tuple[str, str]:
    """The schemas of two projects, which every test here leaves as they are: making one takes longer than most tests."""
    with administrated(postgresql) as site:
        schemas = site.new_schema(), site.new_schema()
        for schema in schemas:
            site.schemas.prepare(schema, ["reports"])
    return schemas


@pytest.fixture
def schema(both) -> str:
    """That of the project whose session connects."""
    return both[0]


@pytest.fixture
def other(both) -> str:
    """That of the other project."""
    return both[1]


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


def test_a_session_has_the_rights_of_each_data_kind_that_it_was_given(site):
    """Images are no reports: who has the right to one reads nothing of the other, and what the project keeps."""
    schema = site.new_schema()
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


def test_a_project_that_was_never_prepared_has_no_sessions(site):
    """Nothing is made."""
    schema = site.new_schema()

    with pytest.raises(
        CcdsError, match=f"expected the schema {schema} of the project with its roles; found none; apply"
    ):
        site.credentials.issue(schema, "ann", "x", {"reports": False}, datetime.now(UTC) + timedelta(hours=1))

    assert issued_in(site, schema) == []


def _log_statement(site) -> str:
    with site.server.as_superuser() as superuser:
        return superuser.execute("SHOW log_statement").fetchone()[0]
