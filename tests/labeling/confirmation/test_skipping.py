"""What becomes of a study that somebody skips: others are given it as long as there are any, and it keeps its seats."""

import pytest

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.feedback import Feedback
from support.confirming import NEGATIVE, answer, undo


def say(place, person, batch, kind=AnswerKind.SKIP):
    """Lets somebody say that of each study that they are given; which these were."""
    work = place.at_work(person, batch)
    leased = work.take(9)
    assert all(one.counts for one in work.answer([answer(study, kind) for study in leased]))
    return [study.report.study_key for study in leased]


@pytest.mark.parametrize("overlap", [1, 2])
def test_a_skip_takes_no_seat(place, overlap):
    """As many answer the study as if nobody had skipped it, and nobody who did is given it again."""
    key = place.keys[0]
    batch = place.batch([key], overlap=overlap, labelers=["ann", "bob", "cy"])
    assert say(place, "ann", batch) == [key]

    given = [say(place, person, batch, AnswerKind.CONFIRM) for person in ("bob", "cy", "ann")]

    assert given == [[key], [key] if overlap == 2 else [], []]
    counts = place.curating().counts()[batch.id]
    assert (counts.done, counts.stuck) == (1, 0)


@pytest.mark.parametrize("answered", [0, 1])
def test_what_everybody_skipped_is_told_as_stuck_until_somebody_else_is_assigned(place, answered):
    """With two answers wanted: none or one of them is there, and nobody who is assigned is given the study; dee then is."""
    key = place.keys[0]
    batch = place.batch([key], overlap=2, labelers=["ann", "bob", "cy"])
    for person in ("ann", "bob", "cy")[answered:]:
        say(place, person, batch)
    for person in ("ann", "bob", "cy")[:answered]:
        say(place, person, batch, AnswerKind.CONFIRM)

    assert [place.at_work(person, batch).take(9) for person in ("ann", "bob", "cy")] == [(), (), ()]
    assert [place.at_work(person, batch).open() for person in ("ann", "bob", "cy")] == [0, 0, 0]
    stuck = place.curating().counts()[batch.id]
    place.curating().assign(batch.id, "dee")

    assert (stuck.studies, stuck.done, stuck.stuck) == (1, 0, 1)
    assert say(place, "dee", batch, AnswerKind.CONFIRM) == [key]
    assert place.curating().counts()[batch.id].done == answered


def test_a_gold_study_that_somebody_skipped_is_every_other_labeler_s_still(place):
    """It measures whoever answers it, and not who skipped it, who isn't given it again, in no other batch either."""
    gold = place.keys[:1]
    place.curating().set_gold(gold[0], NEGATIVE)
    batch = place.batch(place.keys[1:2], planted=gold, labelers=["ann", "bob"])

    skipped = say(place, "ann", batch)
    answered = say(place, "bob", batch, AnswerKind.CONFIRM)
    again = place.batch(place.keys[2:3], planted=gold, labelers=["ann"])

    assert set(skipped) == set(answered) == {gold[0], place.keys[1]}
    counts = place.curating().counts()[batch.id]
    assert (counts.studies, counts.done, counts.stuck) == (1, 1, 0)
    assert Feedback(place.projects["ann"], batch.id, clock=place.clock).give() == ()
    (told,) = Feedback(place.projects["bob"], batch.id, clock=place.clock).give()
    assert (told.report.study_key, told.is_right) == (gold[0], True)
    assert say(place, "ann", again) == [place.keys[2]]


def test_a_skip_that_is_undone_holds_the_study_again(place):
    """As long as nobody else has it."""
    batch = place.batch(place.keys[:1], labelers=["ann", "bob"])
    work = place.at_work("ann", batch)
    (study,) = work.take(1)
    said = answer(study, AnswerKind.SKIP)
    work.answer([said])

    (undone,) = work.answer([undo(said)])

    assert undone.counts
    assert place.at_work("bob", batch).take(9) == ()
    assert say(place, "ann", batch, AnswerKind.CONFIRM) == place.keys[:1]
