"""Brings a database's schema to the newest version, by Alembic."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.transactions import WRITES

FOLDER = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Alembic's configuration; there is no `alembic.ini`, so that an installed package migrates as a checkout does."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


@cache
def newest() -> str:
    """The version of the schema that this ccds makes."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def bring_up_to_date(engine: Engine) -> None:
    """Runs the migrations that the database hasn't seen, all in one transaction.

    Raises:
        CcdsError: the database was made by a newer version of ccds, or by another program.
    """
    with engine.connect() as connection:
        if _current(connection) == newest():
            return
    # The write lock from the begin: a process that has the database open already may write meanwhile.
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        upgrade(connection)
        connection.commit()


def upgrade(connection: Connection) -> None:
    """Runs the migrations that the database hasn't seen, in the transaction of `connection`, which holds the write lock.

    Raises:
        CcdsError: as `bring_up_to_date`.
    """
    current = _current(connection)
    if current is None and inspect(connection).get_table_names():
        raise CcdsError(
            expected="a project database", found="another program's database", do="restore the file from the backup"
        )
    scripts = ScriptDirectory.from_config(configuration())
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise _newer(current)
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def refuse_other_schema(engine: Engine) -> None:
    """Makes sure that the database is one of this ccds, for who may not bring it up to date.

    Raises:
        CcdsError: its schema is older or newer.
    """
    with engine.connect() as connection:
        current = _current(connection)
    if current == newest():
        return
    if current is None or current < newest():
        raise CcdsError(
            expected=f"a database of schema {newest()}",
            found=f"schema {current}" if current else "none",
            do="let an administrator of this site run 'ccds irb apply' for this project",
        )
    raise _newer(current)


def _newer(current: str) -> CcdsError:
    return CcdsError(
        expected=f"a database of schema {newest()} or older",
        found=f"schema {current}",
        do="use the version of ccds that wrote it, or a newer one",
    )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
