"""Labelers who take, answer, undo, lose answers on the way and send them again, in any order, while time passes."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind
from support.confirming import NEGATIVE, TERM, Workplace, answer, undo

PEOPLE = ("ann", "bob", "cy")
STUDIES = 6

people = st.sampled_from(PEOPLE)
picks = st.integers(0, 99)
kinds = st.sampled_from([AnswerKind.CONFIRM, AnswerKind.CORRECT, AnswerKind.SKIP, AnswerKind.FLAG])


def told(study, kind: AnswerKind) -> Answer:
    """An answer of that kind."""
    parts = {AnswerKind.CORRECT: {"labels": NEGATIVE}, AnswerKind.FLAG: {"note": "Look."}}
    return answer(study, kind, **parts.get(kind, {}))


class Confirmation(RuleBasedStateMachine):
    """What pages know of what they hold, and every answer that was ever acknowledged.

    `pages` is what each labeler's page shows, which may be long out of date; `sent` are answers with their acknowledgements,
    which may be sent again at any time; `until` is when the lease of a labeler's study ends that isn't answered, and `leases` its
    newest number.
    """

    place: Workplace

    @initialize(overlap=st.integers(1, 2), planted=st.integers(0, 1))
    def begin(self, overlap, planted):
        """A new batch in the same project."""
        self.overlap = overlap
        self.gold = self.place.keys[:planted]
        self.keys = self.place.keys[planted:STUDIES]
        self.make()

    def make(self):
        """The batch, as nobody has seen it yet."""
        self.batch = self.place.batch(self.keys, overlap=self.overlap, planted=self.gold, labelers=PEOPLE)
        self.before = len(self.place.curating().answers())
        self.pages = {person: {} for person in PEOPLE}
        self.sent = []
        self.until = {}
        self.leases = {}

    @rule(person=people, ahead=st.integers(1, 4))
    def take(self, person, ahead):
        """Nobody gets a study that others hold as often as it may be held."""
        leased = self.place.at_work(person, self.batch).take(ahead)

        assert all(study.until > self.place.clock.now for study in leased)
        for study in leased:
            self.pages[person][study.lease] = study
            self.hold(person, study)
        counting = self.counting().items()
        for key in self.keys:
            holding = {who for (who, of), until in self.until.items() if of == key and until > self.place.clock.now}
            answered = {who for (who, of), one in counting if of == key and one.answer.kind is not AnswerKind.SKIP}
            assert len(holding | answered) <= self.overlap

    @rule(person=people, ahead=st.integers(1, 4))
    def take_without_getting_the_answer(self, person, ahead):
        """The page is killed, or the connection is lost; the leases stay for a while."""
        for study in self.place.at_work(person, self.batch).take(ahead):
            self.hold(person, study)

    @precondition(lambda self: any(self.pages.values()))
    @rule(person=people, pick=picks, kind=kinds)
    def answer(self, person, pick, kind):
        """An answer in time counts, unless that page's labeler answered on another page."""
        if not self.pages[person]:
            return
        study = list(self.pages[person].values())[pick % len(self.pages[person])]
        held = (person, study.report.study_key)
        is_held = self.leases.get(held) == study.lease and held in self.until
        one = told(study, kind)

        (acknowledged,) = self.place.at_work(person, self.batch).answer([one])

        assert acknowledged.kept
        if is_held and self.until[held] > self.place.clock.now:
            assert acknowledged.counts
        self.acknowledge(person, one, acknowledged)

    @precondition(lambda self: self.sent)
    @rule(pick=picks)
    def undo(self, pick):
        """Any answer, however old; of an answer that counts and wasn't skipped it works always."""
        one, person, acknowledged = self.sent[pick % len(self.sent)]
        standing = acknowledged.counts and one.id in {stored.answer.id for stored in self.counting().values()}
        taken_back = undo(one)

        (done,) = self.place.at_work(person, self.batch).answer([taken_back])

        assert done.counts or not standing or one.kind is AnswerKind.SKIP
        assert not done.counts or standing
        self.acknowledge(person, taken_back, done)

    @precondition(lambda self: self.sent)
    @rule(pick=picks)
    def send_again(self, pick):
        """The same id is acknowledged as it was, and nothing changes."""
        one, person, acknowledged = self.sent[pick % len(self.sent)]
        before = self.counting()

        (again,) = self.place.at_work(person, self.batch).answer([one])

        assert again == acknowledged
        assert self.counting() == before

    @rule(person=people)
    def give_back(self, person):
        """What was held goes to others."""
        self.place.at_work(person, self.batch).give_back()
        self.until = {held: until for held, until in self.until.items() if held[0] != person}

    @rule()
    def remove(self):
        """Refused where an answer counts; else another one is made of its studies, and no old page says anything in either."""
        if self.counting():
            with pytest.raises(CcdsError, match="a batch that nobody has answered yet"):
                self.place.curating().remove_batch(self.batch.id)
            return
        removed, pages = self.batch, self.pages
        self.place.curating().remove_batch(removed.id)
        self.make()
        for person, page in pages.items():
            late = self.place.at_work(person, removed).answer([answer(study) for study in page.values()])
            assert all(one.kept and not one.counts for one in late)
        assert not self.counting()

    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes):
        """Leases may end."""
        self.place.clock.pass_by(timedelta(minutes=minutes))

    @invariant()
    def each_study_is_answered_as_often_as_it_may_be(self):
        """By different people, each once; and what counts is what was acknowledged so."""
        if not hasattr(self, "batch"):
            return
        answered = defaultdict(list)
        for stored in self.place.curating().answers()[self.before :]:
            answered[stored.answer.study_key].append(stored.labeler)
        assert all(len(set(who)) == len(who) for who in answered.values())
        done = defaultdict(int)
        for (_, key), stored in self.counting().items():
            done[key] += stored.answer.kind is not AnswerKind.SKIP
        assert all(done[key] <= self.overlap for key in self.keys)
        counted = {one.id for one, _, acknowledged in self.sent if acknowledged.counts}
        assert {stored.answer.id for stored in self.counting().values()} <= counted

    def teardown(self):
        """When all leases are over, those who are left finish the batch; nobody holds a study for ever."""
        if not hasattr(self, "batch"):
            return
        for person in PEOPLE:
            self.place.clock.pass_by(TERM)
            for study in self.place.at_work(person, self.batch).take(20):
                (done,) = self.place.at_work(person, self.batch).answer([answer(study)])
                assert done.counts
        answered, skipped = Counter(), Counter()
        for (_, key), stored in self.counting().items():
            (skipped if stored.answer.kind is AnswerKind.SKIP else answered)[key] += 1
        wanted = {key: min(self.overlap, len(PEOPLE) - skipped[key]) for key in self.keys}
        assert {key: answered[key] for key in self.keys} == wanted
        counts = self.place.curating().counts()[self.batch.id]
        assert (counts.studies, counts.done) == (len(wanted), sum(n == self.overlap for n in wanted.values()))

    def hold(self, person, study):
        """A labeler has a study, whether the page knows it or not."""
        self.until[person, study.report.study_key] = study.until
        self.leases[person, study.report.study_key] = study.lease

    def acknowledge(self, person, one, acknowledged):
        """The page learns what became of an answer."""
        self.sent.append((one, person, acknowledged))
        held = (person, one.study_key)
        if acknowledged.counts and one.kind is AnswerKind.UNDO:
            self.until[held] = self.place.clock.now + TERM
        elif acknowledged.counts:
            self.until.pop(held, None)

    def counting(self):
        """Labeler and study → the answer of this batch that counts now."""
        answers = self.place.curating().answers()[self.before :]
        return {(stored.labeler, stored.answer.study_key): stored for stored in answers}


def test_no_study_is_in_two_hands_and_no_answer_is_lost_or_doubled(place):
    """Whatever labelers do, and however often their pages die or send again."""

    class Machine(Confirmation):
        pass

    Machine.place = place

    run_state_machine_as_test(
        Machine,
        settings=settings(
            deadline=None,
            max_examples=30,
            stateful_step_count=25,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )
