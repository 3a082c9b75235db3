"""A batch that is taken away before anybody has answered: what becomes of its studies, and of who was at them."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.assigned import Assigned
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from support.confirming import NEGATIVE, POSITIVE, answer, undo


def test_its_studies_are_free_and_its_name_is(either):
    """Another batch can be made of them under that name, and they are given to whoever is assigned to that one."""
    items = [BatchItem(key, None, POSITIVE) for key in either.keys[:3]]
    first = either.curating().make_batch("first", items, labelers=["bob"], again=False)
    either.at_work("bob", first).take(2)

    either.curating("cy").remove_batch(first.id)
    second = either.curating().make_batch("First", items, labelers=["bob"], again=False)

    assert [one.id for one in either.curating().batches()] == [second.id]
    assert either.curating().counts().keys() == {second.id}
    assert set(either.curating().uses_of_studies().values()) == {1}
    assert [one.id for one in Assigned(either.projects["bob"], clock=either.clock).batches(1)] == [second.id]
    assert len(either.at_work("bob", second).take(9)) == 3


def test_a_gold_study_that_was_held_in_it_can_be_planted_for_that_labeler_again(place):
    """They gave it back unanswered, as who leaves a page does."""
    gold = place.keys[:1]
    first = place.batch(place.keys[1:2], planted=gold, labelers=["bob"])
    place.at_work("bob", first).take(9)

    place.curating().remove_batch(first.id)
    second = place.batch(place.keys[1:2], planted=gold, labelers=["bob"])

    assert len(place.at_work("bob", second).take(9)) == 2


def test_who_holds_a_study_of_it_is_told_in_one_line_and_their_answer_is_kept(either):
    """Whatever their page does next; somebody who wasn't assigned is told nothing of it."""
    batch = either.batch(either.keys[:2], labelers=["bob"])
    work = either.at_work("bob", batch)
    (study,) = work.take(1)
    either.curating().remove_batch(batch.id)

    for asks in (
        lambda: work.take(1),
        work.open,
        work.own_work,
        lambda: Assigned(either.projects["bob"]).outline(batch.id),
    ):
        with pytest.raises(CcdsError, match="found 'first', which ann has taken away"):
            asks()
    with pytest.raises(CcdsError, match="found none of that number"):
        either.at_work("cy", batch).take(1)
    said = answer(study)
    (kept,) = work.answer([said])
    (again,) = work.answer([said])
    refused = Tagging(either.projects["bob"], batch.id).tag(study.lease, study.report.study_key, ["motion"])

    assert (kept.kept, kept.counts, again) == (True, False, kept)
    assert "kept, and not counted" in str(kept.refusal)
    assert "a study of this batch" in str(refused)
    assert [one.answer.id for one in either.curating().every_answer()] == [said.id]
    assert either.curating().answers() == ()


@pytest.mark.parametrize("kind", [AnswerKind.CONFIRM, AnswerKind.SKIP])
def test_where_somebody_has_answered_meanwhile_it_stays(either, kind):
    """Refused in one line, that says who; what they undid is no answer, and comes back no more."""
    batch = either.batch(either.keys[:2], labelers=["bob"])
    work = either.at_work("bob", batch)
    (study,) = work.take(1)
    said = answer(study, kind)
    work.answer([said])

    with pytest.raises(CcdsError, match="found 1 answer of bob"):
        either.curating().remove_batch(batch.id)
    assert [one.id for one in either.curating().batches()] == [batch.id]
    assert len(work.take(9)) == 1

    work.answer([undo(said)])
    either.curating().remove_batch(batch.id)
    (late,) = work.answer([answer(study, AnswerKind.CORRECT, labels=NEGATIVE)])

    assert not late.counts
    assert either.curating().batches() == ()


def test_it_is_taken_away_once_and_only_by_who_may_and_in_its_task(place):
    """One line each."""
    batch = place.batch(place.keys[:2], labelers=["bob"])
    other = TaskRepository(place.project).make(Task("other")).id

    with pytest.raises(ProjectAccessDenied):
        place.curating("sam").remove_batch(batch.id)
    place.task_id = other
    with pytest.raises(CcdsError, match="one of another task"):
        place.curating().remove_batch(batch.id)
    place.task_id = 1
    place.curating().remove_batch(batch.id)

    for again in (place.curating().remove_batch, lambda batch_id: place.curating().assign(batch_id, "cy")):
        with pytest.raises(CcdsError, match="found 'first', which ann has taken away"):
            again(batch.id)


def test_its_preselected_labels_are_in_use_no_more(place):
    """A label that nothing else has can leave the task; the task's kind stays: its answers' rows are read by it."""
    tasks = TaskRepository(place.project)
    batch = place.batch(place.keys[:2], labelers=["bob"])
    before = tasks.tasks()[0].task
    without = Task(before.name, labels=before.labels[1:])
    with pytest.raises(CcdsError, match="2 of the studies with it"):
        tasks.change(1, before, without)

    place.curating().remove_batch(batch.id)
    tasks.change(1, before, without)

    assert tasks.tasks()[0].task == without
