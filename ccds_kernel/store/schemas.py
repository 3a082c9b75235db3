"""Makes the schemas of a site's projects, through the administrator's role, and brings who may do what in them to what is wanted.

Each change is one transaction: a schema with its tables, roles and grants is there whole or not at all, and a process that dies
half way leaves nothing. What is so already isn't touched; what is wanted and what is there are compared for all projects
at once, in a few statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.grants import (
    PUBLIC,
    Grant,
    HeldTable,
    Kind,
    Rights,
    changes,
    connect_role,
    data_role,
    grants_for,
    site_rights,
)
from ccds_kernel.store.migrate import VERSION_TABLE, current_version, newest, upgrade
from ccds_kernel.store.postgresql import explained, lock, quoted
from ccds_kernel.store.transactions import WRITES, told_plainly

_SCHEMAS = text(
    "SELECT nspname, pg_get_userbyid(nspowner) = current_user AS ours FROM pg_namespace WHERE nspname = ANY(:schemas)"
)
_TABLES = text(
    """
    SELECT n.nspname, c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') AS comment,
           ARRAY(SELECT s.relname FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
                 WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = d.refclassid
                   AND d.deptype IN ('a', 'i') ORDER BY 1) AS sequences
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'p') AND c.relname <> :version
    """
).bindparams(version=VERSION_TABLE)
_GRANTS = text(
    """
    SELECT 'SCHEMA' AS kind, '' AS schema, n.nspname AS name, a.privilege_type AS privilege, g.rolname AS role, n.nspname AS place
    FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE n.nspname = ANY(:schemas) AND a.grantee <> n.nspowner
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, a.privilege_type, g.rolname, n.nspname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE n.nspname = ANY(:schemas) AND a.grantee <> c.relowner
    """
)
_ROLES = text(
    "SELECT rolname, rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls AS mighty "
    "FROM pg_roles WHERE rolname = ANY(:roles)"
)
_MEMBERS = text(
    """
    SELECT m.rolname AS member, r.rolname AS of
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
    WHERE m.rolname = ANY(:roles)
    """
)
_OF_THE_DATABASE = text(
    """
    SELECT 'DATABASE' AS kind, '' AS schema, d.datname AS name, a.privilege_type AS privilege, g.rolname AS role
    FROM pg_database d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
         LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE d.datname = current_database() AND (a.grantee = 0 OR g.rolname = :connect)
    UNION ALL
    SELECT 'SCHEMA', '', n.nspname, a.privilege_type, g.rolname
    FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
    WHERE n.nspname = 'public' AND a.grantee = 0
    """
)


@dataclass
class _Found:
    """What there is of one schema."""

    version: str | None = None
    tables: list[HeldTable] = field(default_factory=list)
    grants: set[Grant] = field(default_factory=set)


_Roles = Mapping[str, Collection[str]]
"""Role → what it is a member of."""


class ProjectSchemas:
    """The schemas of the projects of one database.

    Args:
        engine: connections of the administrator's role: see `make_engine`.
        database: the database's name.
    """

    def __init__(self, engine: Engine, database: str) -> None:
        self._engine = engine
        self._database = database

    def plan(self, wanted: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
        """What there is to do, by schema, in words or statements; a schema in which nothing is to be done is left out.

        Args:
            wanted: schema → the data kinds that the project's application covers. What concerns the whole database stands under
                the empty name.

        Raises:
            CcdsError: the database can't be read, a schema is somebody else's, or a project can't have one.
        """
        with told_plainly(explained), self._engine.connect() as connection:
            found, roles = self._found(connection, wanted)
            plan = {"": self._site_changes(connection)}
            for schema, kinds in wanted.items():
                there = found.get(schema)
                if there is None:
                    plan[schema] = (f"make schema {schema} with its tables, roles and grants",)
                    continue
                news = (
                    () if there.version == newest() else (f"bring it from {there.version or 'nothing'} to {newest()}",)
                )
                plan[schema] = (*news, *self._changes(schema, kinds, there, roles))
        return {schema: steps for schema, steps in plan.items() if steps}

    def prepare(
        self, schema: str, kinds: Collection[str], *, fill: Callable[[Connection], object] = lambda _: None
    ) -> bool:
        """Makes the schema of one project what it is to be; returns whether that changed anything.

        Args:
            schema: the project's.
            kinds: the data kinds that its application covers; empty: nobody reads or writes anything, what is there stays.
            fill: called in the transaction that makes the schema, for rows that it can't be without.

        Raises:
            CcdsError: as `plan`, or the administrator's role may not do it.
        """
        data_role(schema, "", write=True)  # refuses a name that can't be one, before anything is made
        with told_plainly(explained), self._engine.connect().execution_options(**{WRITES: True}) as connection:
            changed = _carry_out(connection, self._site_changes(connection))
            found, _ = self._found(connection, {schema: kinds})
            new = schema not in found
            if new:
                connection.exec_driver_sql(f"CREATE SCHEMA {quoted(schema)}")
            connection.exec_driver_sql(f"SET LOCAL search_path = {quoted(schema)}")
            lock(connection, schema)
            news = current_version(connection) != newest()
            if news:
                upgrade(connection)
            found, roles = self._found(connection, {schema: kinds})
            if new:
                fill(connection)
            changed |= news | _carry_out(connection, self._changes(schema, kinds, found[schema], roles))
            connection.commit()
        return changed

    def _changes(self, schema: str, kinds: Collection[str], found: _Found, roles: _Roles) -> tuple[str, ...]:
        wanted = grants_for(schema, kinds, found.tables, database=self._database)
        mine = {role: roles[role] for role in wanted.roles if role in roles}
        return changes(wanted, _rights(mine, found.grants))

    def _site_changes(self, connection: Connection) -> tuple[str, ...]:
        wanted = site_rights(self._database)
        rows = connection.execute(_OF_THE_DATABASE, {"connect": connect_role(self._database)})
        grants = {Grant(Kind(row.kind), row.schema, row.name, row.privilege, row.role or PUBLIC) for row in rows}
        return changes(wanted, _rights(self._roles(connection, wanted.roles), grants))

    def _found(self, connection: Connection, wanted: Mapping[str, Collection[str]]) -> tuple[dict[str, _Found], _Roles]:
        """What there is of these schemas, and of the roles that they are to have."""
        asked = {"schemas": list(wanted)}
        found: dict[str, _Found] = {}
        for row in connection.execute(_SCHEMAS, asked):
            if not row.ours:
                raise CcdsError(
                    expected=f"the schema {row.nspname} to be this site's",
                    found="one that another role owns",
                    do="give it to the administrator's role, or the application another id",
                )
            found[row.nspname] = _Found()
        for row in connection.execute(_TABLES, asked):
            found[row.nspname].tables.append(HeldTable.told(row.relname, row.comment, row.sequences))
        for row in connection.execute(_GRANTS, asked):
            grant = Grant(Kind(row.kind), row.schema, row.name, row.privilege, row.role or PUBLIC)
            found[row.place].grants.add(grant)
        for schema, version in _versions(connection, found).items():
            found[schema].version = version
        roles = {
            data_role(schema, kind, write=write)
            for schema, kinds in wanted.items()
            for kind in kinds
            for write in (False, True)
        }
        return found, self._roles(connection, roles)

    def _roles(self, connection: Connection, names: Iterable[str]) -> _Roles:
        """Those of the roles `names` that are there, and what they are members of."""
        asked = {"roles": list(names)}
        roles: dict[str, set[str]] = {}
        for row in connection.execute(_ROLES, asked):
            if row.mighty:
                raise CcdsError(
                    expected=f"the role {row.rolname} to be nobody's who logs in",
                    found="one that may log in or do more than it should",
                    do="let whoever runs the database server look who made it, and remove it",
                )
            roles[row.rolname] = set()
        ours = connect_role(self._database)
        for row in connection.execute(_MEMBERS, asked):
            if row.of != ours and row.of.endswith(connect_role("")):
                raise CcdsError(
                    expected=f"the role {row.member} to be this site's",
                    found=f"another site's, of {row.of}",
                    do="give each site a database server of its own",
                )
            roles[row.member].add(row.of)
        return roles


def _carry_out(connection: Connection, statements: Sequence[str]) -> bool:
    """Does all in one round trip; returns whether there was anything."""
    if statements:
        connection.exec_driver_sql(";\n".join(statements))
    return bool(statements)


def _rights(roles: _Roles, grants: Iterable[Grant]) -> Rights:
    members = frozenset((role, of) for role, groups in roles.items() for of in groups)
    return Rights(frozenset(roles), members, frozenset(grants))


def _versions(connection: Connection, schemas: Iterable[str]) -> dict[str, str]:
    """The versions of those schemas that have one."""
    query = text(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY(:schemas) AND c.relname = :version AND c.relkind = 'r'"
    )
    marked = connection.scalars(query, {"schemas": list(schemas), "version": VERSION_TABLE}).all()
    if not marked:
        return {}
    union = " UNION ALL ".join(
        f"SELECT {number}, version_num FROM {quoted(schema)}.{quoted(VERSION_TABLE)}"  # noqa: S608 - names, quoted
        for number, schema in enumerate(marked)
    )
    by_number: dict[int, str] = defaultdict(str)
    by_number.update((number, version) for number, version in connection.exec_driver_sql(union))
    return {schema: by_number[number] for number, schema in enumerate(marked) if number in by_number}
