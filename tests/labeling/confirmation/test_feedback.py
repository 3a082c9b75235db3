"""What a labeler is told after a batch, and what it ends."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.answer import TOLD, AnswerKind, Refused
from ccds_kernel.labeling.confirmation.feedback import Feedback
from support.confirming import NEGATIVE, POSITIVE, answer, undo


@pytest.fixture
def gold_of(place):
    """Makes studies gold."""

    def make(*keys):
        for key in keys:
            place.curating().set_gold(key, POSITIVE, note="blunted angle")

    return make


def feedback(place, person, batch):
    """A labeler's feedback on a batch."""
    return Feedback(place.projects[person], batch.id, clock=place.clock)


def test_at_the_end_one_is_told_what_was_right(place, gold_of):
    """Each gold study once, with what was shown, said and right; what was skipped isn't told, and others aren't named."""
    keys = place.keys
    gold_of(*keys[9:])
    batch = place.batch(keys[:3], planted=keys[9:], labelers=["ann"])
    at_work = place.at_work("ann", batch)
    held = {study.report.study_key: study for study in at_work.take(20)}
    at_work.answer([answer(held[key]) for key in keys[:3]])
    at_work.answer([answer(held[keys[9]]), answer(held[keys[10]], AnswerKind.CORRECT, labels=POSITIVE)])
    at_work.answer([answer(held[keys[11]], AnswerKind.SKIP)])

    given = feedback(place, "ann", batch).give()

    told = {one.report.study_key: (one.shown, one.said, one.gold, one.note, one.is_right) for one in given}
    assert told == {
        keys[9]: (NEGATIVE, NEGATIVE, POSITIVE, "blunted angle", False),
        keys[10]: (NEGATIVE, POSITIVE, POSITIVE, "blunted angle", True),
    }
    event = list(place.project.audit.entries("CHEST-1"))[-1]
    assert (event["event"], event["detail"]) == ("FeedbackGiven", {"batch_id": batch.id, "studies": 2})


def test_before_the_end_nothing_is_told(place, gold_of):
    """As long as a study is open or in hand, feedback would show which ones are planted."""
    gold_of(place.keys[11])
    batch = place.batch(place.keys[:2], planted=[place.keys[11]], labelers=["ann", "bob"])
    at_work = place.at_work("ann", batch)
    one, two, three = at_work.take(3)
    at_work.answer([answer(one), answer(two)])

    with pytest.raises(CcdsError, match=r"expected a batch with nothing left for you; found 1 study;"):
        feedback(place, "ann", batch).give()
    at_work.give_back([three.lease])
    with pytest.raises(CcdsError, match="found 1 study"):
        feedback(place, "ann", batch).give()


def test_after_feedback_what_was_said_stands(place, gold_of):
    """An undo is refused and kept; another labeler isn't given the planted studies only."""
    gold_of(place.keys[11])
    batch = place.batch(place.keys[:2], planted=[place.keys[11]], labelers=["ann", "bob"])
    at_work = place.at_work("ann", batch)
    told = [answer(study) for study in at_work.take(3)]
    at_work.answer(told)
    feedback(place, "ann", batch).give()

    (late,) = at_work.answer([undo(told[2])])

    assert (late.counts, late.kept, late.refusal) == (False, True, TOLD[Refused.CLOSED])
    assert at_work.take(3) == ()
    assert len(feedback(place, "ann", batch).give()) == 1
    assert place.at_work("bob", batch).take(3) == ()


def test_only_who_is_assigned_is_told(place):
    """Others are turned away."""
    batch = place.batch(labelers=["ann"])

    with pytest.raises(CcdsError, match="expected a batch that is assigned to you"):
        feedback(place, "bob", batch).give()
