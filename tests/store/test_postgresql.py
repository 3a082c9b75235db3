"""A store in a schema of PostgreSQL, used through the role of a session."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, insert, inspect, select, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tables import report
from ccds_kernel.store.metadata import ADDED_ONLY, metadata
from ccds_kernel.store.migrate import newest
from ccds_kernel.store.postgresql import (
    administrator_login,
    login,
    login_from,
    make_engine,
    open_schema,
    text_of,
    told_of,
)
from ccds_kernel.store.transactions import DatabaseAwayError
from support.postgresql import Server, end_connections
from support.store_contract import Place, StoreContract, names, write
from support.tables import every_table


class Schema(Place):
    """A schema, opened by a session that may write."""

    opening = "open_schema(make_url(sys.argv[1]), sys.argv[2])"

    def __init__(self, where, schema):
        self.where = where
        self.schema = schema
        self.arguments = (where.render_as_string(hide_password=False), schema)

    def open(self, *, busy_seconds=30):
        """Opens it."""
        return open_schema(self.where, self.schema, busy_seconds=busy_seconds)


class TestPostgresql(StoreContract):
    """Every promise, on a server."""

    @pytest.fixture
    def place(self, issue, schema):
        """A new project's schema."""
        return Schema(issue(write=True), schema)


def test_the_migrations_make_what_the_stages_declare(site, schema):
    """Tables, columns, types, constraints, and the word for what each table holds; no others."""
    every_table()
    engine = make_engine(site.server.administrator(), schema=schema)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, metadata)
        made = set(inspect(connection).get_table_names())
    engine.dispose()

    assert differences == []
    assert made == set(metadata.tables) | {"alembic_version"}


def test_every_table_says_what_it_holds():
    """By that it is granted; a table that doesn't say so is granted to nobody, and its stage would fail."""
    every_table()

    found = {name: (table.comment or "").removesuffix(ADDED_ONLY) for name, table in metadata.tables.items()}

    assert set(found.values()) <= {"airlock", "answers", "clinical", "images", "project", "reports"}
    assert found["setting"] == "project"


@pytest.mark.parametrize(
    ("statement", "secret"),
    [
        ("INSERT INTO report (accession, study_key) VALUES ('MRN-4711', 'x'), ('MRN-4711', 'y')", "4711"),
        (
            "INSERT INTO report (accession, study_key) SELECT accession, NULL FROM (VALUES ('MRN-4711')) v (accession)",
            "4711",
        ),
        ("SELECT accession::int FROM (VALUES ('MRN-4711')) v (accession)", "4711"),
        ("SELECT (accession || '/x')::date FROM (VALUES ('MRN-4711')) v (accession)", "4711"),
    ],
)
def test_the_server_s_details_are_in_no_message(issue, schema, statement, secret):
    """It quotes rows: a key that is there already, a row that fails a check, a text that is no number."""
    store = open_schema(issue(write=True), schema)

    with pytest.raises(Exception, match=r"psycopg") as raised, store.writing() as connection:
        connection.exec_driver_sql(statement)

    store.close()
    told = [raised.value, raised.value.orig, raised.value.__cause__]
    shown = [str(raised.value).replace(statement, "")] + [f"{one!r}{one.args}" for one in told[1:]]
    assert not [line for line in shown if secret in line]


def test_a_server_that_is_away_is_told(schema):
    """One line without a password; the server's administrator is the one to ask."""
    nowhere = Server(1, "", None, None).settings
    where = login(nowhere, "ccds_admin", "geheim")

    with pytest.raises(DatabaseAwayError, match="let whoever runs this site look at the database server") as raised:
        open_schema(where, schema)

    assert "geheim" not in f"{raised.value}{where}{where!r}"


def test_a_connection_that_the_server_ended_is_made_anew(site, issue, schema):
    """After a restart of the server a session goes on."""
    where = issue(write=True)
    store = open_schema(where, schema)
    write(store, "a")
    end_connections(site.server, where.username)

    found = names(store)

    store.close()
    assert found == ["a"]


def test_a_connection_that_ends_within_a_transaction_is_told_as_away(site, issue, schema):
    """Whoever does it once more succeeds: nothing was kept."""
    where = issue(write=True)
    store = open_schema(where, schema)

    def cut_off() -> None:
        with store.writing() as connection:
            connection.execute(insert(report), [{"accession": "lost", "study_key": "lost"}])
            end_connections(site.server, where.username)
            connection.execute(select(report.c.accession))

    with pytest.raises(DatabaseAwayError):
        cut_off()
    write(store, "kept")
    found = names(store)

    store.close()
    assert found == ["kept"]


def test_a_role_that_is_let_in_no_more_isn_t_told_as_away(site, issue, schema):
    """To wait for it would help nobody."""
    store = open_schema(issue(write=True, session="over"), schema)
    site.credentials.withdraw("ann", "over")

    with pytest.raises(CcdsError) as raised:
        names(store)

    store.close()
    assert not isinstance(raised.value, DatabaseAwayError)


@pytest.mark.parametrize("words", ["starting up", "shutting down", "in recovery mode"])
def test_a_server_that_is_being_started_anew_is_away(words):
    """It answers at the door as one that lets nobody in; that passes."""
    told = told_of(psycopg.OperationalError(f"connection failed: FATAL:  the database system is {words}"))

    assert isinstance(told, DatabaseAwayError)


def test_a_session_that_meets_an_older_schema_is_told_whom_to_ask(site, issue, schema):
    """It may not change it; nothing is tried."""
    where = issue(write=True)
    site.mark_version(schema, "0001")

    with pytest.raises(CcdsError) as raised:
        open_schema(where, schema)

    assert str(raised.value) == (
        f"expected a database of schema {newest()}; found schema 0001; "
        "let an administrator of this site run 'ccds irb apply' for this project"
    )


def test_a_newer_schema_is_refused(site, issue, schema):
    """Neither a session nor the administrator touches what a newer ccds made."""
    site.mark_version(schema, "9999")

    with pytest.raises(CcdsError, match="found schema 9999; use the version of ccds that wrote it"):
        open_schema(issue(), schema)
    with pytest.raises(CcdsError, match="found schema 9999; use the version of ccds that wrote it"):
        site.schemas.prepare(schema, ["reports"])


def test_a_project_without_a_schema_is_told(issue):
    """It was never applied."""
    with pytest.raises(CcdsError, match="expected the schema none-1 of the project; found none; apply the project's"):
        open_schema(issue(), "none-1")


def test_what_stands_in_the_environment_is_read_back(postgresql):
    """With password, host and the rest; what is shown of it hides the password."""
    where = login(postgresql.settings, "ccds_session_1", "a/b@c:d%e")

    assert login_from(text_of(where)) == where
    assert text_of(where).startswith("postgresql://ccds_session_1:")
    assert "a/b" not in f"{where}{where!r}"


@pytest.mark.parametrize("told", ["", "geheim", "sqlite:///geheim.db", "mysql://ann:geheim@host/db", "postgresql://["])
def test_something_else_in_the_environment_is_not_quoted(told):
    """It may be a mistyped secret."""
    with pytest.raises(CcdsError, match="start the session anew, and leave that variable alone") as raised:
        login_from(told)

    assert "geheim" not in str(raised.value)


def test_the_administrator_s_password_is_closed_to_others(postgresql, tmp_path):
    """A file that others read lets them into everything; one that isn't there is told."""
    path = postgresql.settings.password_path(tmp_path)

    with pytest.raises(CcdsError, match="found No such file or directory; run this as the service account"):
        administrator_login(postgresql.settings, tmp_path)
    path.write_text("geheim")
    path.chmod(0o640)
    with pytest.raises(CcdsError, match=r"found mode 0640; chmod 600"):
        administrator_login(postgresql.settings, tmp_path)
    path.chmod(0o600)

    assert administrator_login(postgresql.settings, tmp_path).password == "geheim"


def test_a_reader_s_view_is_of_one_moment_across_tables(issue, schema):
    """Two queries of one reading transaction belong together, whatever is committed between them."""
    writer, reader = open_schema(issue(write=True), schema), open_schema(issue(session="x-app"), schema)
    write(writer, "a")

    with reader.reading() as connection:
        counted = connection.scalar(text("SELECT count(*) FROM report"))
        with writer.writing() as other:
            other.execute(insert(report).values(accession="b", study_key="b"))
            other.execute(text("INSERT INTO report_section SELECT id, 0, 's', 't' FROM report WHERE accession = 'b'"))
        sections = connection.scalar(text("SELECT count(*) FROM report_section"))

    writer.close()
    reader.close()
    assert (counted, sections) == (1, 0)


def test_the_tables_are_those_of_the_schema_only(site, issue, schema):
    """Names are looked up in the project's schema: another project's rows, or a table in `public`, are never met."""
    other = site.new_schema()
    site.schemas.prepare(other, ["reports"])
    theirs = open_schema(issue(of=other, write=True), other)
    write(theirs, "theirs")
    ours = open_schema(issue(write=True), schema)

    found = names(ours)

    with ours.reading() as connection:
        seen = MetaData()
        seen.reflect(connection)
        assert connection.scalars(select(report.c.accession)).all() == []
    theirs.close()
    ours.close()
    assert found == []
    assert set(seen.tables) == set(metadata.tables) | {"alembic_version"}
