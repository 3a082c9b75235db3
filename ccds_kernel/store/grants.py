"""Who may do what in a PostgreSQL schema, as values: what is wanted, what was found, and the statements between the two.

Each data kind of a project has two roles that nobody logs in as, `<schema>_<kind>_read` and `<schema>_<kind>_write`; a
session's role is a member of those that its person's rights name. All of a site's are members of `<database>_connect`, which may
connect: two thousand names in the database's own list of rights would not fit its row.

A table is granted by what it holds, see `metadata`: what the project itself keeps is read by all its sessions and
written by none.

In whose name a session adds rows is no grant: policies of the tables that people sign say it, see migration 0013.

PUBLIC, which is everybody, has nothing anywhere; nobody but the administrator's role, which owns it all, may create anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.metadata import ADDED_ONLY, PROJECT_S
from ccds_kernel.store.migrate import VERSION_TABLE
from ccds_kernel.store.postgresql import quoted

PUBLIC = "PUBLIC"

_LONGEST = 63
_RESERVED = frozenset({"public", "information-schema"})


class Kind(StrEnum):
    """What a privilege is on."""

    DATABASE = "DATABASE"
    SCHEMA = "SCHEMA"
    TABLE = "TABLE"
    SEQUENCE = "SEQUENCE"


@dataclass(frozen=True, order=True)
class Grant:
    """`role` may do `privilege` with something, which tables and sequences have a `schema` for."""

    kind: Kind
    schema: str
    name: str
    privilege: str
    role: str

    @property
    def _what(self) -> str:
        name = f"{quoted(self.schema)}.{quoted(self.name)}" if self.schema else quoted(self.name)
        return f"{self.privilege} ON {self.kind} {name}"

    @property
    def _whom(self) -> str:
        return self.role if self.role == PUBLIC else quoted(self.role)

    def given(self) -> str:
        """The statement that makes it so."""
        return f"GRANT {self._what} TO {self._whom}"

    def taken(self) -> str:
        """The statement that ends it."""
        return f"REVOKE {self._what} FROM {self._whom} CASCADE"


@dataclass(frozen=True)
class HeldTable:
    """A table, what it holds (empty: it doesn't say, and is granted to nobody), and the sequences that number its rows.

    Of one that is `added_only` no session changes or removes a row.
    """

    name: str
    holds: str
    sequences: tuple[str, ...] = ()
    added_only: bool = False

    @classmethod
    def told(cls, name: str, comment: str, sequences: Iterable[str]) -> HeldTable:
        """A table by its comment, see `metadata`."""
        holds = comment.removesuffix(ADDED_ONLY)
        return cls(name, holds, tuple(sequences), added_only=holds != comment)


@dataclass(frozen=True)
class Rights:
    """Roles that nobody logs in as, who is a member of which (member, of), and what they may do."""

    roles: frozenset[str] = frozenset()
    members: frozenset[tuple[str, str]] = frozenset()
    grants: frozenset[Grant] = frozenset()

    def __or__(self, other: Rights) -> Rights:
        return Rights(self.roles | other.roles, self.members | other.members, self.grants | other.grants)


def connect_role(database: str) -> str:
    """The role whose members may connect to `database`."""
    return f"{database}_connect"


def data_role(schema: str, kind: str, *, write: bool) -> str:
    """The role whose members read, or read and write, the rows of data kind `kind` in `schema`.

    Raises:
        CcdsError: PostgreSQL has another use for a name, or it is too long.
    """
    role = f"{schema}_{kind}_{'write' if write else 'read'}"
    if schema in _RESERVED or schema.startswith("pg_") or len(role.encode()) > _LONGEST:
        raise CcdsError(
            expected="a project whose id can name a schema of the database",
            found=f"the schema {schema[:_LONGEST]!r}",
            do="give the application another id",
        )
    return role


def grants_for(schema: str, kinds: Iterable[str], tables: Iterable[HeldTable], *, database: str) -> Rights:
    """What there is to be in `schema` of a project whose application covers the data kinds `kinds`.

    Args:
        schema: the project's.
        kinds: data kinds that the application covers; tables that hold others are granted to nobody.
        tables: the tables of the schema.
        database: the database that holds the schema.

    Raises:
        CcdsError: as `data_role`.
    """
    tables, rights = tuple(tables), Rights()
    for kind in kinds:
        for write in (False, True):
            role = data_role(schema, kind, write=write)
            grants = {Grant(Kind.SCHEMA, "", schema, "USAGE", role)}
            grants.add(Grant(Kind.TABLE, schema, VERSION_TABLE, "SELECT", role))
            for table in tables:
                if table.holds in {PROJECT_S, kind}:
                    grants |= _of_table(schema, table, role, write=write and table.holds == kind)
            rights |= Rights(frozenset({role}), frozenset({(role, connect_role(database))}), frozenset(grants))
    return rights


def site_rights(database: str) -> Rights:
    """What there is to be of the database itself: its sessions may connect, and nobody else may do anything."""
    role = connect_role(database)
    return Rights(frozenset({role}), grants=frozenset({Grant(Kind.DATABASE, "", database, "CONNECT", role)}))


def changes(wanted: Rights, found: Rights) -> tuple[str, ...]:
    """The statements that make `wanted` of `found`, in an order that works; none where it is so already.

    Roles that aren't wanted are left: with nothing granted to them they mean nothing.
    """
    return (
        *(f"CREATE ROLE {quoted(role)} NOLOGIN" for role in sorted(wanted.roles - found.roles)),
        *(f"REVOKE {quoted(of)} FROM {quoted(role)}" for role, of in sorted(found.members - wanted.members)),
        *(f"GRANT {quoted(of)} TO {quoted(role)}" for role, of in sorted(wanted.members - found.members)),
        *(grant.taken() for grant in sorted(found.grants - wanted.grants)),
        *(grant.given() for grant in sorted(wanted.grants - found.grants)),
    )


def _of_table(schema: str, table: HeldTable, role: str, *, write: bool) -> set[Grant]:
    changing = ("INSERT",) if table.added_only else ("INSERT", "UPDATE", "DELETE")
    privileges = ("SELECT", *changing) if write else ("SELECT",)
    grants = {Grant(Kind.TABLE, schema, table.name, privilege, role) for privilege in privileges}
    if write:
        grants |= {Grant(Kind.SEQUENCE, schema, sequence, "USAGE", role) for sequence in table.sequences}
    return grants
