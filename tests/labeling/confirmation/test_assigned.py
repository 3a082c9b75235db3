"""What a labeler is told of their batches before they see a study."""

from datetime import timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.assigned import Assigned
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from support.confirming import POSITIVE, answer, undo


def assigned(place, person):
    """Somebody's batches."""
    return Assigned(place.projects[person], clock=place.clock)


def test_ones_batches_are_told_with_what_is_left(either):
    """Planted studies count as others do: each answer takes one off, whatever the study was; an undo brings it back."""
    mine = either.batch(either.keys[:3], planted=either.keys[11:], labelers=["ann", "bob"])
    either.batch(either.keys[4:6], labelers=["bob"])
    at_work = either.at_work("ann", mine)
    counts = [batch.open for batch in assigned(either, "ann").batches()]

    told = []
    for study in at_work.take(4):
        told.append(answer(study))
        at_work.answer(told[-1:])
        counts += [batch.open for batch in assigned(either, "ann").batches()]
    at_work.answer([undo(told[-1])])

    assert counts == [4, 3, 2, 1, 0]
    (batch,) = assigned(either, "ann").batches()
    assert (batch.id, batch.name, batch.studies, batch.open) == (mine.id, "first", 4, 1)
    assert batch.task.words == ("effusion", "no effusion")
    assert at_work.own_work().open == at_work.open() == 1


def test_a_batch_is_outlined_by_its_groups(place):
    """The phrases by which it is grouped, those that were removed since left out, and how many studies each has."""
    repository = LabelingRepository(place.project)
    kept, gone = (repository.insert_phrase(Phrase(text, "effusion"), 0) for text in ("effusion", "pleural"))
    items = [BatchItem(key, phrase, POSITIVE) for key, phrase in zip(place.keys, [gone.id, gone.id, kept.id, None])]  # noqa: B905 - as many as there are
    batch = place.curating().make_batch("first", items)
    place.curating().assign(batch.id, "bob")
    repository.remove_phrase(gone.id)

    outline = assigned(place, "bob").outline(batch.id)

    assert outline.phrases == {kept.id: Phrase("effusion", "effusion")}
    assert outline.sizes == {gone.id: 2, kept.id: 1, None: 1}
    assert (outline.name, outline.task.name, outline.is_shared) == ("first", "effusion", False)


def test_what_was_done_today_is_counted_without_skips(place):
    """By the site's calendar: what was said yesterday isn't of today."""
    batch = place.batch(labelers=["ann"])
    at_work = place.at_work("ann", batch)
    one, two, three, four = at_work.take(4)
    at_work.answer([answer(one)])
    place.clock.pass_by(timedelta(days=1))
    at_work.take(4)
    at_work.answer([answer(two), answer(three, AnswerKind.SKIP), answer(four)])

    work = at_work.own_work()

    assert (work.progress.answered, work.today) == (3, 2)


def test_others_are_turned_away(place):
    """Who isn't assigned, and who may not confirm at all."""
    batch = place.batch(labelers=["ann"])

    with pytest.raises(CcdsError, match="expected a batch that is assigned to you"):
        assigned(place, "bob").outline(batch.id)
    with pytest.raises(ProjectAccessDenied):
        assigned(place, "sam").batches()
