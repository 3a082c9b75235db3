"""A project's schema that an older ccds made, with rows in it, brought up to date on a server."""

import pytest
from alembic import command
from sqlalchemy import text

from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation import curation_rows
from ccds_kernel.labeling.confirmation.curation_rows import CurationKind
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.editing import PhraseEditor
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.store.migrate import configuration
from ccds_kernel.store.postgresql import make_engine, open_schema
from ccds_kernel.store.transactions import WRITES

REPORTS = """
INSERT INTO report (accession, study_key) VALUES ('A1', 'k1'), ('A2', 'k2');
INSERT INTO report_section VALUES (1, 0, 'findings', 'Effusion.'), (2, 0, 'findings', 'Clear.')
"""
PHRASES = """
INSERT INTO phrase (position, text, label, negatable, created_by, created_at)
VALUES (1, 'effusion', 'positive', true, 'ann', now()), (0, 'clear', 'negative', false, 'ann', now())
"""
WORDS = """
INSERT INTO study_curation (task_id, report_id, kind, said, note, person, at)
VALUES (1, 1, 'strata', '["motion"]', '', 'ann', now()), (1, 2, 'gold', '["negative"]', '', 'ann', now()),
       (1, 1, 'strata', NULL, '', 'bob', now()), (1, 2, 'strata', '["mimic"]', '', 'bob', now())
"""


@pytest.fixture
def old_schema(site):
    """Makes the schema of a project as it was at some version, with rows; returns its name."""

    def make(*steps: tuple[str, str]) -> str:
        schema = site.new_schema()
        engine = make_engine(site.server.administrator(), schema=schema)
        with engine.connect().execution_options(**{WRITES: True}) as connection:
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
            config = configuration()
            config.attributes["connection"] = connection
            for version, statements in steps:
                command.upgrade(config, version)
                for statement in statements.split(";"):
                    connection.exec_driver_sql(statement)
            connection.commit()
        engine.dispose()
        return schema

    return make


def test_reports_and_phrases_of_before_tasks_are_the_first_task_s(site, issue, old_schema):
    """From the schema before phrases had options: read, and edited under new numbers, by a session."""
    schema = old_schema(("0004", REPORTS + ";" + PHRASES))
    planned = site.schemas.plan({schema: ["reports"]})[schema]

    assert site.schemas.prepare(schema, ["reports"])

    assert planned[0].startswith("bring it from 0004 to ")
    store = open_schema(issue(of=schema, write=True, person="bob"), schema)
    with store.writing() as connection:
        editor = PhraseEditor(connection, rows.FIRST_TASK, "bob")
        new = editor.insert(Phrase("mass", "other", uncertain_label="perhaps"), 1)
        editor.keep()
    with store.reading() as connection:
        (stored,) = task_rows.tasks(connection)
        phrases = rows.phrases(connection)
        reports = [one.study_key for one in rows.reports(connection, None)]
    store.close()
    labels = [Label(name, slot) for slot, name in enumerate(["negative", "positive", "other", "perhaps"])]
    assert (stored.id, stored.task) == (rows.FIRST_TASK, Task("labels", labels=tuple(labels)))
    assert [(one.phrase.text, one.phrase.negatable, one.phrase.excludes) for one in phrases] == [
        ("clear", False, False),
        ("mass", False, False),
        ("effusion", True, False),
    ]
    assert new.id == 3
    assert reports == ["k1", "k2"]
    assert site.schemas.plan({schema: ["reports"]}) == {}


def test_strata_tags_move_to_where_labelers_write_them(site, old_schema):
    """With who gave them and when; what was taken back is none; gold labels stay."""
    schema = old_schema(("0004", REPORTS + ";" + PHRASES), ("0007", WORDS))

    site.schemas.prepare(schema, ["reports"])

    engine = make_engine(site.server.administrator(), schema=schema)
    with engine.connect() as connection:
        tags = list(curation_rows.every(connection, rows.FIRST_TASK, CurationKind.STRATA))
        gold = curation_rows.standing(connection, rows.FIRST_TASK, CurationKind.GOLD)
    engine.dispose()
    assert [(one.study_key, one.said, one.person) for one in tags] == [
        ("k1", frozenset({"motion"}), "ann"),
        ("k1", frozenset(), "bob"),
        ("k2", frozenset({"mimic"}), "bob"),
    ]
    assert {key: one.said for key, one in gold.items()} == {"k2": frozenset({"negative"})}
