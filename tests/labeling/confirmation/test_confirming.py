"""Taking studies and saying what their label is, on each engine."""

from datetime import timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.answer import TOLD, Answer, AnswerKind, Refused
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.confirming import Confirming
from support.confirming import NEGATIVE, POSITIVE, TERM, answer, undo


def keys(leased) -> list[str]:
    """The studies that somebody holds."""
    return [study.report.study_key for study in leased]


def test_each_study_is_in_one_hand_and_comes_with_its_report(either):
    """Two labelers take in the batch's order; nobody gets what somebody else holds."""
    batch = either.batch()

    first, second = either.at_work("ann", batch).take(5), either.at_work("bob", batch).take(5)

    assert keys(first) == either.keys[:5]
    assert keys(second) == either.keys[5:10]
    assert first[1].report.report.texts == ("No pleural effusion.",)
    assert (first[0].prefill, first[0].phrase_id, first[0].number) == (POSITIVE, None, 1)
    assert first[0].until == either.clock.now + TERM


def test_taking_again_gives_the_same_studies(either):
    """A page that didn't get the answer, or was loaded anew, goes on where it was; nothing more is held."""
    batch = either.batch()
    first = either.at_work("ann", batch).take(5)

    again, more = either.at_work("ann", batch).take(5), either.at_work("ann", batch).take(6)

    assert again == first
    assert more[:5] == first
    assert keys(more) == either.keys[:6]


def test_a_study_that_is_answered_comes_to_nobody_any_more(either):
    """Each answer is kept with who, when, what was shown and how long."""
    batch = either.batch()
    one, two, three, *_ = either.at_work("ann", batch).take(4)
    told = [
        answer(one, seconds=2.5),
        answer(two, AnswerKind.CORRECT, labels=NEGATIVE),
        answer(three, AnswerKind.FLAG, note="Two studies in one report?"),
    ]

    acknowledged = either.at_work("ann", batch).answer(told)

    assert [(one.counts, one.kept, one.refusal) for one in acknowledged] == [(True, True, None)] * 3
    kept = either.curating().answers()
    assert [stored.answer for stored in kept] == told
    assert {(stored.labeler, stored.at, stored.shown) for stored in kept} == {("ann", either.clock.now, POSITIVE)}
    assert [stored.said for stored in kept] == [POSITIVE, NEGATIVE, None]
    left = keys(either.at_work("ann", batch).take(10)) + keys(either.at_work("bob", batch).take(10))
    assert sorted(left) == sorted(either.keys[3:])


def test_the_same_answer_again_is_stored_once(either):
    """Whatever came between: the acknowledgement is the one of the first time."""
    batch = either.batch()
    told = answer(either.at_work("ann", batch).take(1)[0])
    first = either.at_work("ann", batch).answer([told, told])
    taken_back = either.at_work("ann", batch).answer([undo(told)])

    again = either.at_work("ann", batch).answer([told])

    assert first == (first[0], first[0])
    assert again == first[:1]
    assert taken_back[0].counts
    assert either.curating().answers() == ()


@pytest.mark.parametrize("kind", [AnswerKind.CONFIRM, AnswerKind.SKIP])
def test_an_undo_puts_the_study_back_into_the_hand(either, kind):
    """It is the next one again, and can be answered otherwise."""
    batch = either.batch()
    at_work = either.at_work("ann", batch)
    told = answer(at_work.take(2)[0], kind)
    at_work.answer([told])

    (taken_back,) = at_work.answer([undo(told)])

    assert taken_back.counts
    (study,) = at_work.take(1)[:1]
    assert study.report.study_key == told.study_key
    other = answer(study, AnswerKind.CORRECT, labels=NEGATIVE)
    at_work.answer([other])
    assert [stored.answer for stored in either.curating().answers()] == [other]


def test_a_clock_that_is_set_back_keeps_no_study_of_a_dead_page(either):
    """Its leases end with the usual term from the next time that anybody takes; who is at work goes on."""
    batch = either.batch(either.keys[:4])
    dead = keys(either.at_work("ann", batch).take(2))
    (own,) = either.at_work("bob", batch).take(1)
    either.clock.pass_by(timedelta(hours=-1))

    renewed = either.at_work("bob", batch).take(1)
    either.clock.pass_by(TERM / 2)
    either.at_work("bob", batch).take(1)
    either.clock.pass_by(TERM / 2)
    after = either.at_work("bob", batch).take(4)

    assert [study.lease for study in renewed] == [own.lease]
    assert keys(after) == [own.report.study_key, *dead, either.keys[3]]
    assert either.at_work("bob", batch).answer([answer(own)])[0].counts


def test_a_study_whose_answer_is_undone_goes_to_others_in_the_end(either):
    """It wants an answer again, and is as any other that somebody holds too long."""
    batch = either.batch(either.keys[:1])
    told = answer(either.at_work("ann", batch).take(1)[0])
    either.at_work("ann", batch).answer([told, undo(told)])

    before = either.at_work("bob", batch).take(1)
    either.clock.pass_by(TERM)
    after = either.at_work("bob", batch).take(1)

    assert (before, keys(after)) == ((), either.keys[:1])


def test_what_expired_goes_to_others_and_a_late_answer_is_kept_without_counting(either):
    """The late labeler is told in one line; theirs is among the refused answers, word for word."""
    batch = either.batch(labelers=["ann", "bob"])
    late = answer(either.at_work("ann", batch).take(1)[0], AnswerKind.FLAG, note="Look at this.")
    either.clock.pass_by(TERM)
    in_time = answer(either.at_work("bob", batch).take(1)[0])

    (refused,) = either.at_work("ann", batch).answer([late])
    (accepted,) = either.at_work("bob", batch).answer([in_time])

    assert in_time.study_key == late.study_key
    assert (refused.counts, refused.kept, refused.refusal) == (False, True, TOLD[Refused.TAKEN])
    assert accepted.counts
    assert [stored.answer for stored in either.curating().every_answer() if stored.refused] == [late]
    assert either.at_work("ann", batch).answer([late]) == (refused,)


def test_a_late_answer_counts_where_nobody_else_took_the_study(either):
    """Somebody who thinks for long loses nothing."""
    batch = either.batch()
    told = answer(either.at_work("ann", batch).take(1)[0])
    either.clock.pass_by(3 * TERM)

    (late,) = either.at_work("ann", batch).answer([told])

    assert late.counts


def test_who_takes_again_keeps_what_is_held_but_what_went_to_others(either):
    """What is held is renewed; a lease that was over and that somebody else has taken isn't."""
    batch = either.batch(either.keys[:3])
    held = either.at_work("ann", batch).take(3)
    either.clock.pass_by(TERM - timedelta(seconds=1))
    renewed = either.at_work("ann", batch).take(3)
    either.clock.pass_by(timedelta(seconds=1))
    nothing = either.at_work("bob", batch).take(3)
    either.clock.pass_by(TERM)
    lost = either.at_work("bob", batch).take(1)

    left = either.at_work("ann", batch).take(3)

    assert [study.lease for study in renewed] == [study.lease for study in held]
    assert nothing == ()
    assert keys(lost) == keys(held)[:1]
    assert [study.lease for study in left] == [study.lease for study in renewed[1:]]


def test_what_is_given_back_goes_to_the_next_one(either):
    """An answer that comes afterwards, from an old page, is kept and doesn't count."""
    batch = either.batch()
    at_work = either.at_work("ann", batch)
    held = at_work.take(2)
    at_work.give_back([held[0].lease, 999])

    taken = either.at_work("bob", batch).take(1)
    (stale,) = either.at_work("ann", batch).answer([answer(held[0])])

    assert keys(taken) == keys(held)[:1]
    assert (stale.counts, stale.kept, stale.refusal) == (False, True, TOLD[Refused.STALE])
    either.at_work("ann", batch).give_back()
    assert keys(either.at_work("cy", batch).take(1)) == keys(held)[1:]


def test_a_page_gives_back_what_it_took_and_no_other_page_of_the_labeler_has_renewed(either):
    """Whichever of two is closed, the studies stay in the hands of who is at the other one."""
    batch = either.batch()
    older, newer = either.at_work("ann", batch), either.at_work("ann", batch)
    mine = [study.lease for study in older.take(2)]
    either.clock.pass_by(timedelta(seconds=1))
    both = [study.lease for study in newer.take(3)]
    either.clock.pass_by(timedelta(seconds=1))
    renewed = [study.lease for study in older.take(3)]

    older.give_back(renewed)
    told = [answer(study) for study in newer.take(3)]
    became = newer.answer(told[:1])
    newer.give_back(both)

    assert mine == both[:2]
    assert renewed == both
    assert [one.counts for one in became] == [True]
    assert [study.lease for study in older.take(2)] == both[1:]


def test_a_study_that_was_undone_is_given_back_as_one_that_was_taken(either):
    """By the page that undid it."""
    batch = either.batch()
    at_work = either.at_work("ann", batch)
    (study,) = at_work.take(1)
    told = answer(study)
    either.clock.pass_by(timedelta(seconds=1))
    at_work.answer([told])
    either.clock.pass_by(timedelta(seconds=1))
    at_work.answer([undo(told)])

    at_work.give_back([study.lease])

    assert keys(either.at_work("bob", batch).take(1)) == keys([study])


def test_two_pages_of_one_labeler_count_once(either):
    """Both hold the same studies; the second answer is kept and doesn't count."""
    batch = either.batch()
    one, other = either.at_work("ann", batch).take(1), either.at_work("ann", batch).take(1)
    told = [answer(one[0]), answer(other[0], AnswerKind.CORRECT, labels=NEGATIVE)]

    first, second = either.at_work("ann", batch).answer(told)

    assert (first.counts, second.counts, second.refusal) == (True, False, TOLD[Refused.ANSWERED])
    assert [stored.answer for stored in either.curating().answers()] == told[:1]


def test_nothing_is_undone_twice_or_without_an_answer(either):
    """An undo of something that doesn't count is kept and doesn't count."""
    batch = either.batch()
    at_work = either.at_work("ann", batch)
    told = answer(at_work.take(1)[0])

    early, counted, done, again = at_work.answer([undo(told), told, undo(told), undo(told)])

    assert [one.counts for one in (early, counted, done, again)] == [False, True, True, False]
    assert early.refusal == again.refusal == TOLD[Refused.NOTHING]


def test_a_skipped_study_goes_to_somebody_else_and_comes_back_only_while_free(either):
    """Who skipped it isn't asked again; their undo is refused once the study is in other hands."""
    batch = either.batch(either.keys[:1])
    told = answer(either.at_work("ann", batch).take(1)[0], AnswerKind.SKIP)
    either.at_work("ann", batch).answer([told])

    not_again, other = either.at_work("ann", batch).take(1), either.at_work("bob", batch).take(1)
    (refused,) = either.at_work("ann", batch).answer([undo(told)])

    assert not_again == ()
    assert keys(other) == either.keys[:1]
    assert refused.refusal == TOLD[Refused.TAKEN]


def test_overlap_gives_each_study_to_so_many(either):
    """To two, and never to a third, nor to one twice."""
    batch = either.batch(either.keys[:2], overlap=2)

    hands = [keys(either.at_work(person, batch).take(2)) for person in ("ann", "bob", "cy")]
    either.at_work("ann", batch).answer([answer(study) for study in either.at_work("ann", batch).take(2)])

    assert hands == [either.keys[:2], either.keys[:2], []]
    assert either.at_work("ann", batch).take(2) == ()
    assert either.at_work("cy", batch).take(2) == ()


def test_a_planted_study_is_for_everybody(either):
    """Whatever others said about it."""
    gold = either.keys[3]
    batch = either.batch(planted=[gold])
    studies = {}
    for person in ("ann", "bob"):
        for study in either.at_work(person, batch).take(12):
            if study.report.study_key == gold:
                studies[person] = study
                either.at_work(person, batch).answer([answer(study, AnswerKind.CORRECT, labels=POSITIVE)])
        either.at_work(person, batch).give_back()

    kept = either.curating().answers()

    assert {(stored.labeler, stored.planted, stored.shown) for stored in kept} == {
        ("ann", Planted.WRONG, NEGATIVE),
        ("bob", Planted.WRONG, NEGATIVE),
    }
    assert either.curating().counts()[batch.id] == BatchCounts(11, 0, {})


@pytest.mark.parametrize("before", [0, 3, 7, 9])
def test_who_comes_after_others_is_not_given_the_planted_ones_of_what_they_did(either, before):
    """As many as an own part has, at most; numbered by oneself; none where nothing else is left."""
    planted = either.keys[9:]
    batch = either.batch(planted=planted, labelers=["ann", "bob", "cy"])
    done = 0
    while done < before:  # by ann, ordinary and planted ones as they come
        (study,) = either.at_work("ann", batch).take(1)
        either.at_work("ann", batch).answer([answer(study)])
        done += study.report.study_key not in planted
    told = either.at_work("bob", batch).open()

    studies = either.at_work("bob", batch).take(20)

    ordinary = [study for study in studies if study.report.study_key not in planted]
    assert len(ordinary) == 9 - before
    assert len(studies) - len(ordinary) <= -(-3 * len(ordinary) // 9)
    assert [(study.number, study.nth) for study in studies] == [(n, n) for n in range(1, len(studies) + 1)]
    assert bool(told) == bool(studies)


def test_nobody_is_given_a_planted_study_that_they_have_met(either):
    """In another batch, whatever it was there: they would know it, and may have been told what is right."""
    gold = either.keys[10:]
    first = either.batch(either.keys[:2], planted=gold[:1], labelers=["ann"])
    met = keys(either.at_work("ann", first).take(9))
    again = either.batch(either.keys[2:4], planted=gold, labelers=["ann", "bob"])

    left = either.at_work("ann", again).open()
    given = {person: keys(either.at_work(person, again).take(9)) for person in ("ann", "bob")}

    assert set(met) == {*either.keys[:2], gold[0]}
    assert set(given["ann"]) == {*either.keys[2:4], gold[1]}
    assert left == 3
    assert not {gold[1]} & set(given["bob"])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"lease": 999}, "another one"),
        ({"study_key": "a" * 16}, "another one"),
        ({"kind": AnswerKind.CORRECT, "labels": frozenset({"edema"})}, "1 that it doesn't have"),
        ({"kind": AnswerKind.CORRECT, "labels": POSITIVE | NEGATIVE}, "2"),
    ],
)
def test_what_is_no_answer_here_is_told_and_the_others_are_kept(place, change, found):
    """Another study, a label that the task doesn't have, two where one is right."""
    batch = place.batch()
    one, two = place.at_work("ann", batch).take(2)
    parts = {**vars(answer(one)), **change}

    wrong, right = place.at_work("ann", batch).answer([Answer(**parts), answer(two)])

    assert (wrong.counts, wrong.kept, wrong.refusal.found) == (False, False, found)
    assert right.counts
    assert len(place.curating().answers()) == 1


def test_somebody_else_s_lease_and_id_are_nobody_s_business(place):
    """An answer under another person's lease isn't kept, nor one whose id another answer has."""
    batch = place.batch()
    told = answer(place.at_work("ann", batch).take(1)[0])
    place.at_work("ann", batch).answer([told])
    (study,) = place.at_work("bob", batch).take(1)

    stolen, doubled = place.at_work("bob", batch).answer([Answer(**{**vars(told), "lease": study.lease}), told])

    assert [one.kept for one in (stolen, doubled)] == [False, False]
    assert [stored.labeler for stored in place.curating().answers()] == ["ann"]


def test_who_is_not_assigned_takes_nothing(place):
    """Somebody never assigned, and somebody from whom the batch was withdrawn; what the latter holds goes to others."""
    batch = place.batch(labelers=["ann", "bob"])
    done, *held = place.at_work("ann", batch).take(3)
    told = answer(done)
    place.at_work("ann", batch).answer([told])
    place.curating().withdraw(batch.id, "ann")

    for person in ("ann", "cy"):
        with pytest.raises(CcdsError, match="expected a batch that is assigned to you"):
            place.at_work(person, batch).take(2)
    late = place.at_work("ann", batch).answer([answer(held[0]), undo(told)])

    assert [one.refusal for one in late] == [TOLD[Refused.STALE]] * 2
    assert [stored.answer for stored in place.curating().answers()] == [told]
    assert keys(place.at_work("bob", batch).take(2)) == keys(held)


def test_a_page_that_is_loaded_anew_learns_what_was_done(either):
    """One's own answers that count, so that the last one can be undone; and how many studies are left for them."""
    batch = either.batch(planted=either.keys[11:])
    at_work = either.at_work("ann", batch)
    one, two, three = at_work.take(3)
    told = [answer(one, seconds=2), answer(two, seconds=4), answer(three, AnswerKind.SKIP)]
    at_work.answer([*told, undo(told[1])])
    other = answer(either.at_work("bob", batch).take(1)[0])
    either.at_work("bob", batch).answer([other])

    work = at_work.own_work()

    assert work.answers == (told[0], told[2])
    assert (work.progress.confirmed, work.progress.skipped, work.progress.held, work.open) == (1, 1, 1, 10)


def test_who_may_not_confirm_is_turned_away(place):
    """A scientist, at each door."""
    batch = place.batch()
    at_work = place.at_work("sam", batch)

    for use in (
        lambda: at_work.take(1),
        at_work.give_back,
        lambda: at_work.answer([]),
        at_work.open,
        at_work.own_work,
    ):
        with pytest.raises(ProjectAccessDenied):
            use()


@pytest.mark.parametrize("ahead", [0, 101])
def test_how_many_studies_ahead_is_bounded(place, ahead):
    """A page can't take a whole batch."""
    with pytest.raises(CcdsError, match="expected 1 to 100 studies ahead"):
        place.at_work("ann", place.batch()).take(ahead)


def test_a_batch_that_is_not_there_is_told(place):
    """One line."""
    with pytest.raises(CcdsError, match="expected a batch that is assigned to you"):
        Confirming(place.project, 99).take(1)


def test_what_labelers_do_is_audited_without_accession_numbers(place):
    """Taking, once for new studies; answering, with counts; a repetition is no event."""
    batch = place.batch()
    at_work = place.at_work("bob", batch)
    one, two = at_work.take(2)
    at_work.take(2)
    told = [answer(one), answer(two, AnswerKind.SKIP)]
    at_work.answer(told)
    at_work.answer(told)

    entries = list(place.project.audit.entries("CHEST-1"))

    events = [(entry["event"], entry["person"], entry["detail"]) for entry in entries[-2:]]
    counts = {"confirmed": 1, "corrected": 0, "skipped": 1, "flagged": 0, "undone": 0, "refused": 0}
    assert events == [
        ("StudiesTaken", "bob", {"batch_id": batch.id, "studies": 2}),
        ("StudiesAnswered", "bob", {"batch_id": batch.id, **counts}),
    ]
    assert "ACC" not in str(entries)


def test_what_cannot_be_logged_is_not_kept(place):
    """Where the audit log can't be written an answer isn't acknowledged, and comes again later."""
    batch = place.batch()
    told = answer(place.at_work("ann", batch).take(1)[0])
    log = place.project.audit.folder / "CHEST-1.jsonl"
    kept = log.read_bytes()
    log.unlink()
    log.mkdir()
    with pytest.raises(CcdsError, match="expected to write the audit log"):
        place.at_work("ann", batch).answer([told])
    log.rmdir()
    log.write_bytes(kept)

    (later,) = place.at_work("ann", batch).answer([told])

    assert later.counts
