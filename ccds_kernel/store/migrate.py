"""Brings a database's schema to the newest version, by Alembic.

Nearly every database that is opened is up to date, which is seen without Alembic: importing it and every migration would take
each process that opens a project a sixth of a second.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.transactions import WRITES

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).with_name("migrations")
VERSION_TABLE = "alembic_version"


def configuration() -> Config:
    """Alembic's configuration; there is no `alembic.ini`, so that an installed package migrates as a checkout does."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


@cache
def newest() -> str:
    """The version of the schema that this ccds makes: that in the name of the last migration."""
    return max(path.stem[1:5] for path in (FOLDER / "versions").glob("v????_*.py"))


def current_version(connection: Connection) -> str | None:
    """The version of the schema that the connection sees; None where no migration has run."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - our own name
    return version


def bring_up_to_date(engine: Engine) -> None:
    """Runs the migrations that the database hasn't seen, all in one transaction.

    Raises:
        CcdsError: the database was made by a newer version of ccds, or by another program.
    """
    with engine.connect() as connection:
        if current_version(connection) == newest():
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
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - likewise

    current = current_version(connection)
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
        current = current_version(connection)
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
