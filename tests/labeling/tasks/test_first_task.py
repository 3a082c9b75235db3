"""The task that every project has, and the phrases that were there before there were tasks."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks.editing import PhraseEditor
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.store.migrate import configuration
from ccds_kernel.store.store import Store, open_store

OLD = (
    "INSERT INTO phrase (position, text, label, uncertain_label, negatable, created_by, created_at)"
    " VALUES (:at, :text, :label, :perhaps, 0, 'ann', '2026-01-01 00:00:00')"
)
OldPhrase = tuple[int, str, str, str | None]
"""Position, words, label, and the label where it is uncertain."""


@pytest.fixture
def brought_up_to_date(tmp_path) -> Iterator[Callable[[Iterable[OldPhrase]], Store]]:
    """Opens a project that had these phrases before there were tasks."""
    stores = []

    def open_it(phrases):
        path = tmp_path / "project.db"
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            before = configuration()
            before.attributes["connection"] = connection
            command.upgrade(before, "0005")
            for at, words, label, perhaps in phrases:
                connection.execute(text(OLD), {"at": at, "text": words, "label": label, "perhaps": perhaps})
        engine.dispose()
        stores.append(open_store(path))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


@contextmanager
def editing(store: Store) -> Iterator[PhraseEditor]:
    """One step on the first task's phrases."""
    with store.writing() as connection:
        editor = PhraseEditor(connection, rows.FIRST_TASK, "ann")
        yield editor
        editor.keep()


def test_phrases_that_are_there_belong_to_it(brought_up_to_date):
    """In their order, and with their labels as its own, in the order in which the phrases bring them up."""
    store = brought_up_to_date([(2, "c", "present", None), (0, "a", "absent", "perhaps"), (1, "b", "absent", None)])

    with store.reading() as connection:
        tasks, phrases = task_rows.tasks(connection), rows.phrases(connection)
    labels = (Label("absent", 0), Label("perhaps", 1), Label("present", 2))
    assert [(one.id, one.task, one.created_by) for one in tasks] == [
        (rows.FIRST_TASK, Task("labels", labels=labels), "")
    ]
    assert [one.phrase.text for one in phrases] == ["a", "b", "c"]


def test_labels_of_before_there_were_limits_stay_and_can_be_worked_with(brought_up_to_date):
    """More and longer ones than may be entered now: read, edited, used again; only a further one is refused."""
    labels = [f"label {number}" for number in range(501)] + ["x" * 501]
    store = brought_up_to_date((at, f"phrase {at}", label, None) for at, label in enumerate(labels))

    with editing(store) as editor:
        first, *_ = editor.listed()
        editor.replace(first.id, Phrase("other words", "x" * 501))
        editor.insert(Phrase("more", "label 7"), 0)
    with pytest.raises(CcdsError, match="expected at most 502 labels; found 503"), editing(store) as editor:
        editor.insert(Phrase("another", "new"), 0)

    with store.reading() as connection:
        assert task_rows.task(connection, rows.FIRST_TASK).words == tuple(labels)
        assert len(rows.phrases(connection)) == len(labels) + 1
