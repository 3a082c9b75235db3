"""The task that every project has, and the phrases that were there before there were tasks."""

from alembic import command
from sqlalchemy import create_engine, text

from ccds_kernel.labeling import rows
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.store.migrate import configuration
from ccds_kernel.store.store import open_store

OLD = "INSERT INTO phrase (position, text, label, negatable, created_by, created_at) VALUES (:at, :text, :label, 0, 'ann', :now)"


def test_phrases_that_are_there_belong_to_it(tmp_path):
    """In their order, and with their labels as its own, in the order in which the phrases bring them up."""
    path = tmp_path / "project.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        before = configuration()
        before.attributes["connection"] = connection
        command.upgrade(before, "0005")
        for at, words, label in ((2, "c", "present"), (0, "a", "absent"), (1, "b", "absent")):
            connection.execute(text(OLD), {"at": at, "text": words, "label": label, "now": "2026-01-01 00:00:00"})
    engine.dispose()

    store = open_store(path)

    with store.reading() as connection:
        tasks, phrases = task_rows.tasks(connection), rows.phrases(connection)
    store.close()
    assert [(one.id, one.task, one.created_by) for one in tasks] == [
        (rows.FIRST_TASK, Task("labels", labels=(Label("absent", 0), Label("present", 1))), "")
    ]
    assert [one.phrase.text for one in phrases] == ["a", "b", "c"]
