"""Changing a task while its phrases, batches, answers and gold labels are there, and while others change it, too."""

from dataclasses import replace

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind


@pytest.mark.parametrize(
    "use",
    [
        lambda place: place.curating().set_gold(place.keys[0], []),
        lambda place: [place.curating().adjudicate(place.keys[0], labels) for labels in ([], None)],
        lambda place: place.curating().make_batch("b", [BatchItem(place.keys[0], None, frozenset())]),
    ],
)
def test_the_kind_stays_once_studies_were_shown_or_said_anything_of(place, use):
    """No label at all, a word that was taken back, a batch that nobody has begun: all are read by the kind."""
    tasks = TaskRepository(place.project)
    made = tasks.make(Task("findings", TaskKind.SEVERAL, (Label("edema", 0),)))
    other = replace(made.task, kind=TaskKind.ONE)
    tasks.change(made.id, made.task, other)
    tasks.change(made.id, other, made.task)
    place.task_id = made.id
    use(place)

    with pytest.raises(CcdsError, match=r"to stay of kind several once .*; found 1 study;"):
        tasks.change(made.id, made.task, other)

    assert LabelSnapshots(place.project).now(made.id).studies == 12


@pytest.mark.parametrize(
    ("phrases", "found"),
    [
        ([Phrase("no edema", "edema", excludes=True)], "one that excludes its label"),
        ([Phrase("wet", "edema"), Phrase("WET", "effusion")], "1 that stand for a further one"),
    ],
)
def test_phrases_have_to_fit_another_kind(place, phrases, found):
    """One that excludes, and one for two labels, say nothing where labels exclude each other; nothing is changed."""
    tasks = TaskRepository(place.project)
    made = tasks.make(Task("findings", TaskKind.SEVERAL))
    LabelingRepository(place.project, made.id).append_phrases(phrases)
    before = tasks.tasks()[1].task

    with pytest.raises(CcdsError, match=f"found {found}"):
        tasks.change(made.id, before, replace(before, kind=TaskKind.ONE))

    assert tasks.tasks()[1].task == before


def test_words_for_the_uncertain_become_labels_where_labels_exclude_each_other(place):
    """A batch or a snapshot has them as labels from then on."""
    tasks = TaskRepository(place.project)
    made = tasks.make(Task("findings", TaskKind.SEVERAL))
    LabelingRepository(place.project, made.id).append_phrases([Phrase("edema", "edema", uncertain_label="perhaps")])
    before = tasks.tasks()[1].task

    tasks.change(made.id, before, replace(before, kind=TaskKind.ONE))

    assert (before.words, tasks.tasks()[1].task.words) == (("edema",), ("edema", "perhaps"))


def test_what_somebody_else_changed_of_a_task_is_not_lost(place):
    """Each changes what they changed; the same twice is refused, and the first stays."""
    ann, bob = (TaskRepository(place.projects[person]) for person in ("ann", "bob"))
    read = ann.tasks()[0].task
    ann.change(1, read, replace(read, left_out=frozenset({"history"}), guideline="Ann's."))

    bob.change(1, read, replace(read, strata=("own",)))
    with pytest.raises(
        CcdsError, match="the task 'effusion' as you read it; found a guideline that somebody else changed since"
    ):
        bob.change(1, read, replace(read, guideline="Bob's.", name="other"))

    assert ann.tasks()[0].task == replace(read, left_out=frozenset({"history"}), guideline="Ann's.", strata=("own",))


def test_too_many_labels_are_refused_at_each_door(place):
    """In a new task, a changed one, and where phrases bring them; nothing is changed."""
    tasks = TaskRepository(place.project)
    many = Task("many").with_labels(f"label {number}" for number in range(501))
    full = tasks.make(replace(many, labels=many.labels[:500]))
    use = LabelingRepository(place.project, full.id)

    for enter in (
        lambda: tasks.make(replace(many, name="more")),
        lambda: tasks.change(full.id, full.task, many),
        lambda: use.insert_phrase(Phrase("one", "label 501"), 0),
    ):
        with pytest.raises(CcdsError, match="expected at most 500 labels; found 501"):
            enter()
    with pytest.raises(CcdsError, match="expected a label of at most 500 characters; found one of 501"):
        LabelingRepository(place.project).insert_phrase(Phrase("one", "x" * 501), 0)

    assert use.phrases() == ()
    assert tasks.tasks()[1].task == full.task


def test_a_strata_tag_that_somebody_gives_is_in_use(either):
    """Whatever others gave the same study later; taken back by who gave it, it may go."""
    batch, tasks = either.batch(overlap=2), TaskRepository(either.project)
    leases = {person: either.at_work(person, batch).take(1)[0].lease for person in ("ann", "bob")}

    def tag(person: str, *tags: str) -> None:
        Tagging(either.projects[person], batch.id).tag(leases[person], either.keys[0], tags)

    tag("ann", "motion")
    tag("bob", "mimic")
    (before,) = (stored.task for stored in tasks.tasks())
    without = replace(before, strata=tuple(one for one in before.strata if one != "motion"))

    with pytest.raises(CcdsError, match="motion"):
        tasks.change(1, before, without)
    tag("ann")
    tasks.change(1, before, without)

    assert tasks.tasks()[0].task.strata == without.strata


def test_a_label_that_becomes_a_strata_tag_is_missed_as_a_label(place):
    """The same word in the other list doesn't stand for it."""
    tasks = TaskRepository(place.project)
    before = tasks.tasks()[0].task
    place.curating().set_gold(place.keys[0], ["no effusion"])

    with pytest.raises(CcdsError, match="expected the label 'no effusion' to be used nowhere"):
        tasks.change(1, before, replace(before, labels=before.labels[:1], strata=(*before.strata, "no effusion")))
