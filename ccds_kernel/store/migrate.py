"""Brings a database's schema to the newest version, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from ccds_kernel.errors import CcdsError

FOLDER = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Alembic's configuration; there is no `alembic.ini`, so that an installed package migrates as a checkout does."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def bring_up_to_date(engine: Engine) -> None:
    """Runs the migrations that the database hasn't seen; the caller keeps other processes out meanwhile.

    Raises:
        CcdsError: the database was made by a newer version of ccds.
    """
    scripts = ScriptDirectory.from_config(configuration())
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
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
