"""How a session's credential ends: with its time, withdrawn, or by whoever comes after a hub that was killed."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.postgresql import open_schema, text_of
from support.postgresql import issued_in
from support.store_contract import names, write

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
