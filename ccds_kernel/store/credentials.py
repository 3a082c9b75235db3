"""Credentials of sessions: a role of the database that is made for one session, and dropped with it.

Its name and password are random, and it ends by itself (VALID UNTIL) where nobody drops it. It is a member of the roles of the
data kinds that its person's rights name, and so can't do more. What it is for stands in its comment: who looks after sessions
finds them by that, and there is no table of ours that could say something else than the server does.

Only the password's SCRAM verifier is sent, so that no log of the server holds what lets somebody in.

A role is dropped before its connections are cut: from then on they may do nothing, and no new one comes in between. A process
that dies in between leaves connections of a role that is gone; whoever drops something next cuts them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.grants import data_role
from ccds_kernel.store.postgresql import explained, quoted, told_of
from ccds_kernel.store.transactions import WRITES, told_plainly

CONNECTIONS = 20
"""How many connections a session may have: its kernels, each with a few, and its jobs."""

_PREFIX = "ccds_session_"
_GONE_MS = 5_000
_ISSUED = text(
    """
    SELECT oid, rolname, rolvaliduntil, shobj_description(oid, 'pg_authid') AS comment
    FROM pg_roles WHERE starts_with(rolname, :prefix) AND rolcanlogin ORDER BY oid
    """
).bindparams(prefix=_PREFIX)
_GROUPS = text(
    """
    SELECT g.rolname FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE m.rolname = :role
    """
)
_CUT = text(
    f"""
    SELECT pg_terminate_backend(pid, {_GONE_MS}) FROM pg_stat_activity a
    WHERE usesysid = ANY(:dropped)
       OR datname = current_database() AND usesysid <> 0
          AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.usesysid)
    """  # noqa: S608 - a number of ours
)


@dataclass(frozen=True)
class SessionCredential:
    """What lets one session in: put `url`, as text, into its environment and nowhere else."""

    role: str
    url: URL = field(repr=False)


@dataclass(frozen=True)
class Issued:
    """A session's role as the server has it: `rights` as they were given to `issue`, `until` aware."""

    role: str
    schema: str
    person: str
    session: str
    rights: Mapping[str, bool]
    until: datetime


class SessionCredentials:
    """Issues and withdraws credentials of sessions. Safe from several processes at once.

    Args:
        engine: connections of the administrator's role.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def issue(
        self,
        schema: str,
        person: str,
        session: str,
        rights: Mapping[str, bool],
        until: datetime,
        *,
        connections: int = CONNECTIONS,
    ) -> SessionCredential:
        """Makes a role for one session; an earlier one of that session ends.

        Args:
            schema: the project's, prepared.
            person: who works in the session.
            session: the session's name, one of the person's.
            rights: data kind → whether they write it; kinds that they may not read are left out.
            until: when it ends by itself; aware.
            connections: how many at once.

        Raises:
            CcdsError: the project has no schema yet, or the server can't be reached.
        """
        role, password = _PREFIX + secrets.token_hex(8), secrets.token_urlsafe(32)
        groups = [data_role(schema, kind, write=write) for kind, write in sorted(rights.items())]
        told = {"schema": schema, "person": person, "session": session, "rights": dict(sorted(rights.items()))}
        with told_plainly(explained), self._engine.connect().execution_options(**{WRITES: True}) as connection:
            known = connection.scalar(
                text("SELECT count(*) FROM pg_roles WHERE rolname = ANY(:groups)"), {"groups": groups}
            )
            if known != len(groups):
                raise CcdsError(
                    expected=f"the schema {schema} of the project with its roles",
                    found="none" if not known else "not all of them",
                    do="apply the project's IRB application first",
                )
            dropped = _drop(connection, lambda one: (one.person, one.session) == (person, session))
            _make(
                connection,
                role,
                password,
                groups=groups,
                until=until,
                connections=connections,
                comment=json.dumps(told),
            )
            connection.commit()
            _cut(connection, dropped)
        return SessionCredential(role, self._engine.url.set(username=role, password=password))

    def issued(self) -> tuple[Issued, ...]:
        """The credentials that there are, expired ones too, in the order in which they were made."""
        with told_plainly(explained), self._engine.connect() as connection:
            return tuple(_issued(connection).values())

    def withdraw(self, person: str, session: str) -> int:
        """Ends the credential of one session, and its connections; returns how many there were."""
        return self.withdraw_where(lambda one: (one.person, one.session) == (person, session))

    def reap(self, now: datetime) -> int:
        """Ends what has expired by `now`: the server itself refuses only new connections; returns how many there were."""
        return self.withdraw_where(lambda one: one.until <= now)

    def withdraw_where(self, which: Callable[[Issued], bool]) -> int:
        """Ends the credentials that `which` says, and their connections; returns how many there were."""
        with told_plainly(explained), self._engine.connect().execution_options(**{WRITES: True}) as connection:
            dropped = _drop(connection, which)
            connection.commit()
            _cut(connection, dropped)
        return len(dropped)


def _issued(connection: Connection) -> dict[int, Issued]:
    """By the server's number of the role. A role that has our form of name and not our comment is somebody else's."""
    found = {}
    for row in connection.execute(_ISSUED):
        try:
            told = json.loads(row.comment or "")
            found[row.oid] = Issued(
                row.rolname,
                told["schema"],
                told["person"],
                told["session"],
                dict(told["rights"]),
                row.rolvaliduntil.astimezone(UTC),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _make(
    connection: Connection,
    role: str,
    password: str,
    *,
    groups: list[str],
    until: datetime,
    connections: int,
    comment: str,
) -> None:
    """Through the driver itself: SQLAlchemy quotes a statement that fails in its exception, and this one holds the verifier."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - tells mypy what the engine's URL says
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    name, groups_sql = sql.Identifier(role), sql.SQL(", ").join(map(sql.Identifier, groups))
    make = sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT {} PASSWORD {} VALID UNTIL {}").format(
        name, sql.Literal(connections), sql.Literal(verifier), sql.Literal(until.astimezone(UTC).isoformat())
    )
    try:
        driver.execute(make)
        if groups:
            driver.execute(sql.SQL("GRANT {} TO {}").format(groups_sql, name))
        driver.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(name, sql.Literal(comment)))
    except psycopg.Error as error:
        told = told_of(error)
        if told is None:
            raise RuntimeError(f"a session's role can't be made: {error.sqlstate}") from None
        raise told from None


def _drop(connection: Connection, which: Callable[[Issued], bool]) -> list[int]:
    """Drops the roles that `which` names; returns the server's numbers of them."""
    dropped = []
    for oid, one in _issued(connection).items():
        if which(one):
            _drop_one(connection, one)
            dropped.append(oid)
    return dropped


def _drop_one(connection: Connection, one: Issued) -> None:
    """Drops a role with what it owns in this database; where it owns something in another one, it stays without any right."""
    role = quoted(one.role)
    for group in connection.scalars(_GROUPS, {"role": one.role}).all():
        connection.exec_driver_sql(f"REVOKE {quoted(group)} FROM {role}")
    connection.exec_driver_sql(f"ALTER ROLE {role} NOLOGIN PASSWORD NULL")
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"GRANT {role} TO CURRENT_USER")  # to drop what it owns takes its own rights
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.DependentObjectsStillExist):
            raise


def _cut(connection: Connection, dropped: list[int]) -> None:
    """Ends the connections of dropped roles; waits until they are gone."""
    connection.execute(_CUT, {"dropped": dropped})
    connection.commit()
