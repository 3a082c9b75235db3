"""Brings a database's schema to the newest version, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from ccds_kernel.errors import CcdsError

FOLDER = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Alembic's configuration; there is no `alembic.ini`, so that an installed package migrates as a checkout does."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def bring_up_to_date(engine: Engine) -> None:
    """Runs the migrations that the database hasn't seen, all in one transaction.

    Raises:
        CcdsError: the database was made by a newer version of ccds, or by another program.
    """
    scripts = ScriptDirectory.from_config(configuration())
    with engine.connect() as connection:
        if _current(connection) == scripts.get_current_head():
            return
    # The write lock from the begin: a process that has the database open already may write meanwhile.
    with engine.connect().execution_options(ccds_writes=True) as connection:
        current = _current(connection)
        if current is None and inspect(connection).get_table_names():
            raise CcdsError(
                expected="a project database", found="another program's database", do="restore the file from the backup"
            )
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise CcdsError(
                expected=f"a database of schema {scripts.get_current_head()} or older",
                found=f"schema {current}",
                do="use the version of ccds that wrote it, or a newer one",
            )
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
