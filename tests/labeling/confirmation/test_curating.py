"""Batches, the gold set, strata, the final word, progress; and tasks, whose words these use."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.curating import Curating, Newest
from ccds_kernel.labeling.confirmation.curation_rows import Word
from ccds_kernel.labeling.confirmation.progress import LabelerProgress, flagged, labeler_progress
from ccds_kernel.labeling.cues import Cues
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.confirming import NEGATIVE, POSITIVE, answer, undo


def test_a_batch_says_who_does_what(either):
    """Its task, name, overlap, who made it, and who is assigned; assigning twice is once."""
    batch = either.batch(either.keys[:3], overlap=2, labelers=["bob", "ann", "bob"])

    (stored,) = either.curating().batches()

    assert (stored.id, stored.task_id, stored.name, stored.overlap) == (batch.id, 1, "first", 2)
    assert (stored.labelers, stored.created_by) == (("ann", "bob"), "ann")
    assert Curating(either.project, 2).batches() == ()


def test_a_batch_is_made_with_its_labelers_of_studies_that_are_in_no_other_one(either):
    """Of two fellows who make one of the same studies at once the second is told, and nothing of theirs is there."""
    items = [BatchItem(key, None, POSITIVE) for key in either.keys[:3]]
    made = either.curating().make_batch("first", items, labelers=["bob", "cy"], again=False)
    begin = len(list(either.project.audit.entries("CHEST-1")))

    for labelers, expected in ((["bob"], "found 3 that somebody has put into one"), (["sam"], "found 1 who aren't")):
        with pytest.raises(CcdsError, match=expected):
            either.curating("dee").make_batch("second", items, labelers=labelers, again=False)
    with pytest.raises(CcdsError, match="expected labelers on the project's roster"):
        either.curating().assign(made.id, "sam")

    (stored,) = either.curating().batches()
    assert (stored.id, stored.labelers, made.labelers) == (made.id, ("bob", "cy"), ("bob", "cy"))
    assert len(list(either.project.audit.entries("CHEST-1"))) == begin


def test_a_word_is_said_over_the_one_that_was_seen_only(either):
    """Of two fellows who say one over the same the second is told, and theirs isn't there; a note counts as well."""
    key = either.keys[0]
    ann, bob = either.curating(), either.curating("bob")
    for mine, theirs, standing in (
        (ann.adjudicate, bob.adjudicate, ann.final_words),
        (ann.set_gold, bob.set_gold, ann.gold),
    ):
        theirs(key, NEGATIVE, "old fluid", seen=Word())

        for seen in (Word(), Word(POSITIVE), Word(NEGATIVE)):
            with pytest.raises(CcdsError, match="another one, which somebody said meanwhile"):
                mine(key, POSITIVE, seen=seen)

        assert Word.of(standing()[key]) == Word(NEGATIVE, "old fluid")
        mine(key, POSITIVE, seen=Word(NEGATIVE, "old fluid"))
        assert standing()[key].said == POSITIVE


def test_what_is_said_about_a_study_is_the_newest(either):
    """Gold labels and final words by themselves; taken back they are gone."""
    one, two, three = either.keys[:3]
    either.curating().set_gold(one, POSITIVE)
    either.curating("bob").set_gold(one, NEGATIVE, " sure ")
    either.curating().set_gold(two, POSITIVE)
    either.curating().set_gold(two, None)
    either.curating("bob").adjudicate(three, NEGATIVE)

    gold, final = either.curating().gold(), either.curating().final_words()

    assert {key: (one.said, one.note, one.person) for key, one in gold.items()} == {one: (NEGATIVE, "sure", "bob")}
    assert {key: (one.said, one.person, one.at) for key, one in final.items()} == {
        three: (NEGATIVE, "bob", either.clock.now)
    }


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (lambda curating, _: curating.set_gold("a" * 16, POSITIVE), "studies of this project"),
        (lambda curating, key: curating.set_gold(key, ["edema"]), "labels of the task 'effusion'"),
        (
            lambda curating, key: curating.adjudicate(key, POSITIVE | NEGATIVE),
            "one label, as the task 'effusion' takes it",
        ),
        (lambda curating, key: curating.adjudicate(key, POSITIVE, "a\0b"), "a note of at most 2000 whole characters"),
        (lambda curating, _: curating.assign(1, "zoe"), "labelers on the project's roster"),
        (lambda curating, _: curating.assign(99, "ann"), "a batch of this project"),
        (
            lambda curating, key: curating.make_batch("b", [BatchItem(key, None, frozenset({"edema"}))]),
            "labels of the task 'effusion'",
        ),
        (
            lambda curating, _: curating.make_batch("b", [BatchItem("a" * 16, None, POSITIVE)]),
            "studies of this project",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_and_leaves_no_trace(place, use, expected):
    """One line; the log and the rows are as before."""
    place.batch()
    before = list(place.project.audit.entries("CHEST-1"))

    with pytest.raises(CcdsError) as raised:
        use(place.curating(), place.keys[0])

    assert raised.value.expected == expected
    assert list(place.project.audit.entries("CHEST-1")) == before
    assert place.curating().gold() == {} == place.curating().final_words()


def test_a_batch_is_of_its_own_task(place):
    """Under another one it is told."""
    other = TaskRepository(place.project).make(Task("other"))
    batch = place.batch()

    with pytest.raises(CcdsError, match="found one of another task"):
        Curating(place.project, other.id).assign(batch.id, "ann")


def test_progress_counts_what_counts_now(either):
    """Undone and refused answers are left out; what is held, and the pace, stand beside it."""
    batch = either.batch(labelers=["ann", "bob", "cy"])
    at_work = either.at_work("ann", batch)
    one, two, three, four, _ = at_work.take(5)
    told = [
        answer(one, seconds=2),
        answer(two, AnswerKind.CORRECT, labels=NEGATIVE, seconds=4),
        answer(three, AnswerKind.FLAG, note="Look.", seconds=9),
        answer(four, AnswerKind.SKIP, seconds=100),
    ]
    at_work.answer([*told, undo(told[0]), answer(two)])
    either.at_work("bob", batch).take(2)
    either.clock.pass_by(timedelta(minutes=1))

    counts = either.curating().counts()[batch.id]
    progress = labeler_progress(either.curating().answers(), ["ann", "bob", "cy"], counts.held)

    then = either.clock.now - timedelta(minutes=1)
    assert (counts.studies, counts.done) == (12, 2)
    assert progress == {
        "ann": LabelerProgress(0, 1, 1, 1, 2, 6.5, then),
        "bob": LabelerProgress(0, 0, 0, 0, 2, None, None),
        "cy": LabelerProgress(0, 0, 0, 0, 0, None, None),
    }
    assert progress["ann"].answered == 2


def test_studies_that_nobody_assigned_can_answer_are_counted(either):
    """Skipped by all, or wanting more labelers than there are; not while somebody holds one, nor once another is assigned."""
    batch = either.batch(either.keys[:3], planted=[either.keys[5]], overlap=2, labelers=["ann", "bob"])
    ann, bob = either.at_work("ann", batch), either.at_work("bob", batch)
    one, two, three, gold = ann.take(4)
    ann.answer([answer(one, AnswerKind.SKIP), answer(two), answer(three), answer(gold, AnswerKind.SKIP)])
    before = either.curating().counts()[batch.id].stuck
    same, other, last, gold = bob.take(4)
    bob.answer([answer(same, AnswerKind.SKIP), answer(other, AnswerKind.SKIP), answer(gold, AnswerKind.SKIP)])
    holding = either.curating().counts()[batch.id]
    bob.answer([answer(last)])

    after = either.curating().counts()[batch.id]
    either.curating().assign(batch.id, "cy")

    assert (before, holding.stuck, after.stuck, after.done) == (0, 2, 2, 1)
    assert either.curating().counts()[batch.id].stuck == 0
    given = {study.report.study_key for study in either.at_work("cy", batch).take(9)}
    assert given - {either.keys[5]} == {one.report.study_key, two.report.study_key}


def test_all_batches_are_counted_at_once(either):
    """Each batch by itself, planted studies left out of what is to be done; what somebody held is over with its time."""
    other = TaskRepository(either.project).make(Task("mass")).id
    first = either.batch(either.keys[:5], planted=either.keys[:1], labelers=["ann", "bob"])
    second = either.batch(either.keys[5:7], labelers=["ann"])
    at_work = either.at_work("ann", first)
    at_work.answer([answer(study) for study in at_work.take(2)])
    at_work.take(1)
    either.at_work("bob", first).take(1)

    counts = either.curating().counts()
    either.clock.pass_by(timedelta(hours=1))
    later = either.curating().counts()

    assert counts == {first.id: BatchCounts(4, 2, {"ann": 1, "bob": 1}), second.id: BatchCounts(2, 0, {})}
    assert later[first.id] == BatchCounts(4, 2, {})
    assert Curating(either.project, other).counts() == {}


def test_only_what_came_since_is_read(either):
    """Answers are numbered as they come, and what is newest says whether anything did; refused and undone ones come, too."""
    other = TaskRepository(either.project).make(Task("mass")).id
    curating, batch = either.curating(), either.batch(labelers=["ann"])
    before = curating.newest()
    at_work = either.at_work("ann", batch)
    told = [answer(study) for study in at_work.take(2)]
    at_work.answer([*told, undo(told[0])])
    curating.set_gold(either.keys[0], POSITIVE)

    every = curating.every_answer()

    assert before == Newest(0, 0, before.reach)
    assert [stored.answer for stored in every] == [*told, undo_of(every, told[0])]
    assert curating.every_answer(every[0].number) == every[1:]
    assert curating.newest() == Newest(every[-1].number, 1, before.reach)
    assert Curating(either.project, other).every_answer() == ()


def undo_of(every, told):
    """The answer that takes `told` back."""
    return next(stored.answer for stored in every if stored.answer.undoes == told.id)


def test_the_report_of_a_study_is_found_by_its_key(place):
    """A key that isn't the project's is refused."""
    stored = place.curating().report(place.keys[1])

    assert stored.report.texts == ("No pleural effusion.",)
    with pytest.raises(CcdsError, match="studies of this project"):
        place.curating().report("a" * 16)


def test_what_labelers_flag_is_found(place):
    """For the fellow to say the final word."""
    batch = place.batch(place.keys[:3], overlap=2, labelers=["ann", "bob"])
    for person, kind, parts in (("ann", AnswerKind.CONFIRM, {}), ("bob", AnswerKind.CORRECT, {"labels": NEGATIVE})):
        one, two, three = place.at_work(person, batch).take(3)
        told = [answer(one, kind, **parts), answer(two), answer(three, AnswerKind.FLAG, note="Look.")]
        place.at_work(person, batch).answer(told)

    found = flagged(place.curating().answers())

    assert [stored.answer.study_key for stored in found] == [place.keys[2]] * 2


@pytest.mark.parametrize(
    "use",
    [
        lambda curating, _: curating.make_batch("b", []),
        lambda curating, _: curating.assign(1, "ann"),
        lambda curating, _: curating.withdraw(1, "ann"),
        lambda curating, key: curating.set_gold(key, POSITIVE),
        lambda curating, key: curating.adjudicate(key, POSITIVE),
    ],
)
def test_who_may_not_curate_is_turned_away(place, use):
    """A scientist reads, and changes nothing."""
    curating = place.curating("sam")

    with pytest.raises(ProjectAccessDenied):
        use(curating, place.keys[0])

    assert curating.gold() == {}


def test_a_task_comes_back_as_it_was_kept(place):
    """Every part of it; its name is its own."""
    tasks = TaskRepository(place.project)
    whole = Task(
        "edema",
        TaskKind.SEVERAL,
        (Label("mild", 4), Label("severe", 0)),
        "Read the impression first.\nThen the rest.",
        frozenset({"history", "indication"}),
        Cues(negation_before=("no", "without")),
        ("own",),
    )
    made = tasks.make(whole)

    first, second = tasks.tasks()

    assert (first.id, first.task.words, first.created_by) == (1, ("effusion", "no effusion"), "")
    assert (second, second.task, second.created_by) == (made, whole, "ann")
    with pytest.raises(CcdsError, match="found 'edema' again"):
        tasks.make(Task(" edema"))
    with pytest.raises(CcdsError, match="found 'edema' again"):
        tasks.change(1, first.task, replace(first.task, name="edema"))
    with pytest.raises(CcdsError, match="expected a task of this project"):
        tasks.change(99, whole, whole)


def test_a_label_goes_only_when_nothing_uses_it(place):
    """Phrases, prefills that wait for an answer, answers, gold labels and final words; each is counted, a study once."""
    tasks = TaskRepository(place.project)
    before = tasks.tasks()[0].task
    without = replace(before, labels=before.labels[:1])
    tasks.change(1, before, without)
    tasks.change(1, without, before)
    LabelingRepository(place.project).insert_phrase(Phrase("no effusion", "no effusion"), 0)
    place.curating().set_gold(place.keys[0], NEGATIVE)
    batch = place.batch(place.keys[:1])
    told = answer(place.at_work("ann", batch).take(1)[0], AnswerKind.CORRECT, labels=NEGATIVE)
    place.at_work("ann", batch).answer([told])

    with pytest.raises(CcdsError, match="found 1 of the phrases and 1 of the studies with it"):
        tasks.change(1, before, without)

    place.at_work("ann", batch).answer([undo(told)])
    place.curating().set_gold(place.keys[0], None)
    LabelingRepository(place.project).undo()
    tasks.change(1, before, without)
    assert tasks.tasks()[0].task == without
    with pytest.raises(CcdsError, match="found 0 of the phrases and 1 of the studies with it"):
        tasks.change(1, without, replace(without, labels=()))


def test_who_may_not_curate_changes_no_task(place):
    """A scientist sees them."""
    tasks = TaskRepository(place.projects["sam"])

    assert len(tasks.tasks()) == 1
    for use in (lambda: tasks.make(Task("x")), lambda: tasks.change(1, Task("x"), Task("y"))):
        with pytest.raises(ProjectAccessDenied):
            use()


def test_what_the_fellow_does_is_audited_without_accession_numbers(place):
    """Each thing once, with numbers, study keys and people."""
    begin = len(list(place.project.audit.entries("CHEST-1")))
    TaskRepository(place.project).make(Task("other"))
    batch = place.batch(place.keys[:2], planted=[place.keys[5]], labelers=["bob"])
    place.curating().withdraw(batch.id, "bob")
    place.curating().withdraw(batch.id, "bob")
    place.curating().remove_batch(batch.id)
    place.curating().set_gold(place.keys[0], POSITIVE)
    place.curating().adjudicate(place.keys[0], None)

    entries = list(place.project.audit.entries("CHEST-1"))[begin:]

    study = {"task_id": 1, "study_key": place.keys[0]}
    assert [(entry["event"], entry["detail"]) for entry in entries] == [
        ("TaskChanged", {"change": "made", "task_id": 2}),
        ("BatchMade", {"batch_id": batch.id, "task_id": 1, "studies": 2, "planted": 1, "overlap": 1}),
        ("BatchAssigned", {"batch_id": batch.id, "labeler": "bob", "change": "assigned"}),
        ("BatchAssigned", {"batch_id": batch.id, "labeler": "bob", "change": "withdrawn"}),
        ("BatchRemoved", {"batch_id": batch.id, "task_id": 1}),
        ("StudyCurated", {**study, "kind": "gold", "change": "said"}),
        ("StudyCurated", {**study, "kind": "final", "change": "taken back"}),
    ]
    assert "ACC" not in str(entries)
