"""The schema: made by migrations, and as the stages declare it."""

import json
from datetime import datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, PrimaryKeyConstraint, create_engine, inspect, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.task import Task
from ccds_kernel.store.metadata import metadata
from ccds_kernel.store.migrate import configuration, newest
from ccds_kernel.store.store import open_store
from support.tables import every_table

AT = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - as SQLite keeps it: without a time zone


def test_the_migrations_make_what_the_stages_declare(tmp_path):
    """A migrated database has every stage's tables, columns, types and constraints, and no others."""
    declared = every_table()
    store = open_store(tmp_path / "project.db")

    with store.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True}
        )
        differences = compare_metadata(context, metadata)
        made = set(inspect(connection).get_table_names())
    store.close()

    assert differences == []
    assert made == declared | {"alembic_version"}
    assert {"setting", "report", "phrase"} <= declared


def test_the_newest_version_is_alembic_s_head():
    """Files' names say it without Alembic; Alembic goes by what the files hold."""
    assert newest() == ScriptDirectory.from_config(configuration()).get_current_head()


def test_names_of_constraints_are_as_declared(tmp_path):
    """Alembic compares no names; a later migration needs them."""
    every_table()
    store = open_store(tmp_path / "project.db")

    with store.reading() as connection:
        seen = inspect(connection)
        made = {
            name: {one["name"] for one in [*seen.get_unique_constraints(name), *seen.get_foreign_keys(name)]}
            for name in metadata.tables
        }
    store.close()

    assert made == {
        name: {str(one.name) for one in table.constraints if not isinstance(one, PrimaryKeyConstraint)}
        for name, table in metadata.tables.items()
    }


def test_the_migrations_are_one_line():
    """One first, one newest, each after one other, numbered in that order."""
    scripts = ScriptDirectory.from_config(configuration())

    revisions = [script.revision for script in scripts.walk_revisions()]

    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert not any(script.is_merge_point or script.is_branch_point for script in scripts.walk_revisions())
    assert revisions[::-1] == [f"{number:04d}" for number in range(1, len(revisions) + 1)]


def test_an_older_database_is_brought_up_to_date_with_its_rows(tmp_path):
    """Opening a database of the first schema makes it one of the newest; what was in it stays."""
    path = tmp_path / "project.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        connection.execute(
            text(
                "CREATE TABLE setting (name VARCHAR(64) CONSTRAINT pk_setting PRIMARY KEY NOT NULL, value TEXT NOT NULL)"
            )
        )
        connection.execute(text("INSERT INTO setting VALUES ('kept', 'yes')"))
    engine.dispose()

    store = open_store(path)

    with store.reading() as connection:
        kept = connection.scalar(text("SELECT value FROM setting WHERE name = 'kept'"))
        tables = set(inspect(connection).get_table_names())
    store.close()
    assert kept == "yes"
    assert tables == every_table() | {"alembic_version"}


def test_strata_tags_move_to_a_table_of_their_own(tmp_path):
    """In their order; tags that were taken back are none. Gold labels stay where they were."""
    path = tmp_path / "project.db"
    store = open_store(path)
    added = "INSERT INTO study_curation (task_id, report_id, kind, said, note, person, at) VALUES (1, 1, ?, ?, '', 'ann', ?)"
    said = [("strata", '["motion"]', "1"), ("gold", '["effusion"]', "2"), ("strata", None, "3")]
    with store.writing() as connection:
        connection.execute(text("INSERT INTO report (accession, study_key) VALUES ('A1', 'k1')"))
        for row in said:
            connection.exec_driver_sql(added, (*row[:2], f"2026-01-0{row[2]} 12:00:00"))
        series = (
            "selection_rules",
            "study_series",
            "series_choice",
            "series_verdict",
            "series_pass",
            "mask",
            "volume_run",
        )
        for later in (
            *series,
            "retrieval",
            "image_criteria",
            "retrieval_run",
            "study_strata",
            "task_change",
            "confirmation_removal",
        ):
            connection.execute(text(f"DROP TABLE {later}"))
        connection.execute(text("ALTER TABLE task DROP COLUMN cohort"))
        connection.execute(text("DROP INDEX ix_phrase_change_person"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    store.close()

    store = open_store(path)

    with store.reading() as connection:
        tags = connection.execute(text("SELECT tags, person, at FROM study_strata ORDER BY id")).all()
        left = connection.scalars(text("SELECT said FROM study_curation")).all()
    store.close()
    assert tags == [('["motion"]', "ann", "2026-01-01 12:00:00"), ("[]", "ann", "2026-01-03 12:00:00")]
    assert left == ['["effusion"]']


def test_tasks_of_before_are_kept_to_no_cohort(tmp_path):
    """Nor are they in their history."""
    path = tmp_path / "project.db"
    old = MetaData()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        old.reflect(connection)
        whole = {
            "name": "chest",
            "kind": "one",
            "labels": "[]",
            "guideline": "",
            "left_out": "[]",
            "cues": None,
            "strata": "[]",
        }
        who, before, after = (
            {"created_by": "ann", "created_at": AT},
            json.dumps(whole),
            json.dumps({**whole, "name": "thorax"}),
        )
        connection.execute(old.tables["task"].insert().values(**whole | {"name": "thorax"}, **who))
        connection.execute(
            old.tables["task_change"]
            .insert()
            .values(step=1, task_id=2, person="ann", at=AT, before=before, after=after, kind="do")
        )
    engine.dispose()

    store = open_store(path)

    with store.reading() as connection:
        stored = task_rows.tasks(connection)[-1]
        (change,) = task_rows.task_changes(connection, stored.id)
    store.close()
    assert (stored.id, stored.task) == (2, Task("thorax", strata=()))
    assert (change.before, change.after) == (Task("chest", strata=()), stored.task)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    """A database that a newer ccds made isn't touched by this one."""
    path = tmp_path / "project.db"
    store = open_store(path)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()

    with pytest.raises(CcdsError) as raised:
        open_store(path)

    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    assert str(raised.value) == (
        f"expected a database of schema {newest} or older; found schema 9999; "
        "use the version of ccds that wrote it, or a newer one"
    )
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_another_program_s_database_is_refused_and_left_alone(tmp_path):
    """Tables without our version mark are somebody else's."""
    path = tmp_path / "project.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (x)"))

    with pytest.raises(CcdsError, match="expected a project database; found another program's database"):
        open_store(path)

    assert inspect(engine).get_table_names() == ["theirs"]
    engine.dispose()


def test_a_migration_that_fails_leaves_no_trace(tmp_path):
    """The tables of a schema appear all or not at all: here one of them is in the way."""
    path = tmp_path / "project.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        connection.execute(text("CREATE TABLE phrase (x)"))

    with pytest.raises(Exception, match="already exists"):
        open_store(path)

    assert set(inspect(engine).get_table_names()) == {"alembic_version", "phrase"}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
    engine.dispose()
