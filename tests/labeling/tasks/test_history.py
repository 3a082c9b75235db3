"""Who changed which phrase, and taking it back."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.history import Form
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task, TaskKind

FULL = Phrase("No  Effusion", "negative", negatable=True, uncertain_label="unclear")


@pytest.fixture
def ann(projects):
    """The phrase list for ann."""
    return LabelingRepository(projects["ann"])


@pytest.fixture
def bob(projects):
    """The phrase list for bob."""
    return LabelingRepository(projects["bob"])


def listed(repository) -> list[tuple[int, Phrase]]:
    """The list, with its ids."""
    return [(stored.id, stored.phrase) for stored in repository.phrases()]


def test_every_change_is_a_row(ann, bob):
    """Who, when, what before and after; the places are those in the list."""
    one = ann.insert_phrase(FULL, 0)
    bob.insert_phrase(Phrase("two", "x"), 0)
    bob.replace_phrase(one.id, Phrase("one", "x"))
    ann.move_phrase(one.id, 0)
    ann.remove_phrase(one.id)

    changes = ann.changes()

    one_x = Phrase("one", "x")
    assert [(change.person, change.what, change.before, change.after) for change in changes] == [
        ("ann", "inserted", None, Form(FULL, 0)),
        ("bob", "inserted", None, Form(Phrase("two", "x"), 0)),
        ("bob", "edited", Form(FULL, 1), Form(one_x, 1)),
        ("ann", "moved", Form(one_x, 1), Form(one_x, 0)),
        ("ann", "removed", Form(one_x, 0), None),
    ]
    assert all(change.at.tzinfo is UTC and change.at <= datetime.now(UTC) for change in changes)


def test_a_phrase_that_was_removed_comes_back_as_it_was(ann, projects):
    """Under its own id, at its place, with all its options; the audit log has that it is there again."""
    one, two, three = (ann.insert_phrase(phrase, 0) for phrase in (Phrase("c", "x"), FULL, Phrase("a", "x")))
    before = listed(ann)
    ann.remove_phrase(two.id)

    (change,) = ann.undo()

    assert (change.phrase_id, change.what) == (two.id, "inserted")
    assert listed(ann) == before
    assert list(projects["ann"].audit.entries("CHEST-1"))[-1]["detail"] == {"change": "inserted", "phrase_id": two.id}
    assert {one.id, three.id} < {stored for stored, _ in before}


def test_an_import_is_undone_as_a_whole_and_done_again(ann):
    """One step, whatever its size."""
    ann.insert_phrase(Phrase("top", "x"), 0)
    ann.append_phrases([Phrase("one", "x"), Phrase("two", "y")])
    whole = listed(ann)

    ann.undo()
    undone = listed(ann)
    ann.redo()

    assert [phrase.text for _, phrase in undone] == ["top"]
    assert listed(ann) == whole


def test_a_phrase_is_changed_only_as_it_was_seen(projects):
    """Of two people who change it over the same form the second is told, and nothing of theirs is there."""
    ann, bob = (LabelingRepository(projects[name]) for name in ("ann", "bob"))
    one = ann.insert_phrase(Phrase("one", "x"), 0)
    bob.replace_phrase(one.id, Phrase("one", "y"), seen=one.phrase)

    with pytest.raises(CcdsError, match="another one, as somebody changed it meanwhile"):
        ann.replace_phrase(one.id, Phrase("one", "x", negatable=True), seen=one.phrase)

    assert [stored.phrase for stored in ann.phrases()] == [Phrase("one", "y")]


@pytest.mark.parametrize(
    "change",
    [
        lambda repository, one: repository.replace_phrase(one, Phrase("other", "x")),
        lambda repository, one: repository.move_phrase(one, 1),
        lambda repository, one: repository.remove_phrase(one),
    ],
)
def test_what_somebody_else_built_upon_is_not_undone(ann, bob, change):
    """One line that says who; nothing is changed, and the other one may take theirs back, after which it works."""
    bob.insert_phrase(Phrase("two", "x"), 0)
    one = ann.insert_phrase(Phrase("one", "x"), 0)
    change(bob, one.id)
    before = listed(ann)

    with pytest.raises(CcdsError) as raised:
        ann.undo()

    assert str(raised.value) == (
        "expected phrases that nobody else has changed since; found some that bob changed; "
        "look at the history, and change them by hand"
    )
    assert listed(ann) == before


def test_what_somebody_else_did_elsewhere_hinders_nobody(ann, bob):
    """Another phrase, even where it moves the places."""
    one = ann.insert_phrase(Phrase("one", "x"), 0)
    ann.replace_phrase(one.id, Phrase("ONE!", "y"))
    bob.insert_phrase(Phrase("two", "x"), 0)

    ann.undo()

    assert [phrase.text for _, phrase in listed(ann)] == ["two", "one"]
    with pytest.raises(CcdsError, match="expected a change of yours to do again; found none"):
        bob.redo()


def test_nothing_is_undone_that_is_not_there(ann, bob):
    """One's own steps only."""
    bob.insert_phrase(Phrase("two", "x"), 0)

    with pytest.raises(CcdsError, match="expected a change of yours to undo; found none"):
        ann.undo()


def test_an_undo_that_cannot_be_leaves_no_trace(ann, bob):
    """The words are on the list again by somebody else's hand."""
    one = ann.insert_phrase(Phrase("one", "x"), 0)
    ann.remove_phrase(one.id)
    bob.insert_phrase(Phrase("ONE", "y"), 0)
    before = listed(ann), ann.changes()

    with pytest.raises(CcdsError, match="expected a phrase that isn't on the list yet"):
        ann.undo()

    assert (listed(ann), ann.changes()) == before


def test_a_new_change_ends_what_could_be_done_again(ann):
    """As everywhere."""
    ann.insert_phrase(Phrase("one", "x"), 0)
    ann.undo()
    ann.insert_phrase(Phrase("two", "x"), 0)

    with pytest.raises(CcdsError, match="to do again; found none"):
        ann.redo()


def test_who_may_not_edit_takes_nothing_back(projects):
    """A scientist reads the history."""
    sam = LabelingRepository(projects["sam"])

    assert sam.changes() == ()
    for use in (sam.undo, sam.redo):
        with pytest.raises(ProjectAccessDenied):
            use()


def test_lists_of_two_tasks_keep_to_themselves(ann, projects):
    """The same words in both, each with its own order and history; labels come to their own task."""
    second = TaskRepository(projects["ann"]).make(Task("edema", TaskKind.SEVERAL))
    other = LabelingRepository(projects["ann"], second.id)
    for text in ("a", "b"):
        ann.insert_phrase(Phrase(text, "x"), 0)
        other.insert_phrase(Phrase(text, "y", excludes=True), 0)
    other.move_phrase(other.phrases()[0].id, 1)
    other.insert_phrase(Phrase("a", "z"), 1)

    ann.undo()

    assert [phrase.text for _, phrase in listed(ann)] == ["a"]
    assert [(phrase.text, phrase.label) for _, phrase in listed(other)] == [("a", "y"), ("a", "z"), ("b", "y")]
    labels = {stored.task.name: stored.task.words for stored in TaskRepository(projects["ann"]).tasks()}
    assert labels == {"labels": ("x",), "edema": ("y", "z")}


def test_a_phrase_of_another_label_goes_below_that_label_s_list(projects):
    """As in the index: no phrase of that label is hidden unseen. Taken back, it stands where it stood."""
    task = TaskRepository(projects["ann"]).make(Task("edema", TaskKind.SEVERAL))
    repository = LabelingRepository(projects["ann"], task.id)
    one = repository.insert_phrase(Phrase("pleural", "A"), 0)
    repository.insert_phrase(Phrase("effusion", "B", excludes=True), 1)
    repository.insert_phrase(Phrase("mass", "A"), 2)
    before = listed(repository)

    repository.replace_phrase(one.id, Phrase("pleural", "B"))

    assert [phrase.text for _, phrase in listed(repository)] == ["effusion", "mass", "pleural"]
    assert repository.changes()[-1].after == Form(Phrase("pleural", "B"), 2)
    after = listed(repository)
    repository.undo()
    assert listed(repository) == before
    repository.redo()
    assert listed(repository) == after


def test_taking_an_import_back_writes_the_order_once(ann):
    """Not once for each of its phrases, while everybody else waits."""
    ann.insert_phrase(Phrase("first", "x"), 0)
    ann.append_phrases(Phrase(f"phrase {number}", "x") for number in range(40))
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    for step in (ann.undo, ann.redo):
        statements.clear()
        step()

        assert len(statements) < 40 * 2
        assert sum("SET position" in statement for statement in statements) <= 2
    event.remove(Engine, "before_cursor_execute", note)

    assert [phrase.text for _, phrase in listed(ann)] == ["first", *(f"phrase {number}" for number in range(40))]


def test_a_step_of_many_phrases_is_one_audit_event(ann, projects):
    """With the number under which the history has each of them; a step of one phrase names it, and one of none is no event."""
    ann.insert_phrase(Phrase("first", "x"), 0)
    begin = len(list(projects["ann"].audit.entries("CHEST-1")))
    ann.append_phrases([Phrase("a", "x"), Phrase("b", "y")])
    ann.append_phrases([Phrase("b", "y")])
    ann.undo()

    logged = [(one["event"], one["detail"]) for one in list(projects["ann"].audit.entries("CHEST-1"))[begin:]]

    steps = [change.step for change in ann.changes()]
    none = {"task_id": 1, "inserted": 0, "removed": 0, "moved": 0, "edited": 0}
    assert logged == [
        ("PhrasesChanged", {**none, "step": steps[1], "inserted": 2}),
        ("PhrasesChanged", {**none, "step": steps[3], "removed": 2}),
    ]


def test_a_phrase_that_says_nothing_about_other_labels_has_no_place_in_a_list_of_one(ann):
    """Where labels exclude each other a phrase can't exclude its own."""
    with pytest.raises(CcdsError, match="expected phrases that stand for a label"):
        ann.insert_phrase(Phrase("no effusion", "effusion", excludes=True), 0)

    assert listed(ann) == []


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from("irmea"), st.integers(0, 7), st.integers(0, 7)), max_size=8))
def test_undoing_everything_and_doing_it_again_comes_back(ann, changes):
    """The list is as it was before each step, and after each step again: words, places and ids."""
    for stored in ann.phrases():
        ann.remove_phrase(stored.id)
    states = [listed(ann)]
    for number, (change, one, other) in enumerate(changes):
        ids = [stored for stored, _ in states[-1]]
        if change == "i" or not ids:
            ann.insert_phrase(Phrase(f"phrase {number}", "x"), one % (len(ids) + 1))
        elif change == "r":
            ann.remove_phrase(ids[one % len(ids)])
        elif change == "m":
            ann.move_phrase(ids[one % len(ids)], other % len(ids))
        elif change == "e":
            ann.replace_phrase(ids[one % len(ids)], Phrase(f"phrase {number}", "y"))
        else:
            ann.append_phrases([Phrase(f"phrase {number}", "x"), Phrase(f"phrase {number} too", "x")])
        states.append(listed(ann))

    back = [ann.undo() and listed(ann) for _ in changes]
    forth = [ann.redo() and listed(ann) for _ in changes]

    assert back == states[-2::-1] or not changes
    assert forth == states[1:]
