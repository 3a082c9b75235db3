"""The cohort stage's tables and their migration."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ccds_kernel.cohort import tables
from ccds_kernel.store.store import open_store


def test_the_migrations_make_the_tables_as_they_are_declared(tmp_path):
    """A migrated database has these tables, columns and constraints, and neither more nor less."""
    store = open_store(tmp_path / "project.db")
    ours = {one.name for one in (tables.report, tables.cohort, tables.cohort_snapshot, tables.cohort_member)}
    options = {"compare_type": True, "include_object": lambda _, name, kind, *__: kind != "table" or name in ours}

    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, tables.report.metadata)
    store.close()

    assert differences == []
