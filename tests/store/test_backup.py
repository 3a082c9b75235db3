"""The backup that docs/running.md describes, and what a site is like after it was needed."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from psycopg import sql

from ccds_kernel.store.postgresql import open_schema
from support.checkout import ROOT
from support.postgresql import Site, programs
from support.store_contract import names, write


def postgres(site: Site, program: str, *options: str) -> None:
    """Runs one of PostgreSQL's programs as the administrator's role."""
    where = site.server.administrator()
    subprocess.run(
        [programs() / program, *options],
        env=os.environ
        | {"PGHOST": where.host, "PGPORT": str(where.port), "PGUSER": where.username, "PGPASSWORD": where.password},
        check=True,
    )


@pytest.fixture
def lost(site):
    """Removes a project as a lost server would, but for the roles, which belong to it as a whole."""

    def lose(schema: str) -> None:
        with site.server.as_superuser() as superuser:
            superuser.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))

    return lose


def test_what_was_backed_up_is_there_again_with_everybody_s_rights(site, schema, issue, lost, tmp_path: Path) -> None:
    """Rows come back with the restore, rights with the next reconciliation."""
    (options,) = re.findall(r"`pg_dump (.*?) --file=ccds\.dump ccds`", (ROOT / "docs/running.md").read_text("utf-8"))
    store = open_schema(issue(write=True), schema)
    write(store, "kept")
    store.close()
    dump = str(tmp_path / "ccds.dump")

    postgres(site, "pg_dump", *options.split(), f"--schema={schema}", f"--file={dump}", "ccds")
    lost(schema)
    postgres(site, "pg_restore", "--dbname=ccds", dump)
    changed = site.schemas.prepare(schema, ["reports"])

    assert changed
    store = open_schema(issue(write=True), schema)
    write(store, "new")
    assert names(store) == ["kept", "new"]
    store.close()
