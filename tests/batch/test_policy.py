"""Who comes first: compared whole for each case, and as properties for every sequence of what can happen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.batch.local import dispatch
from ccds_kernel.batch.policy import (
    Change,
    NodeSession,
    first_nodes,
    own_before,
    people_before,
    priority_for,
    reconcile,
)
from ccds_kernel.errors import CcdsError

FIRST, SECOND, BATCH, APP = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH, PriorityClass.APP
MORNING = datetime(2026, 11, 26, 8, tzinfo=UTC)


def node(person: str, session: str, at: int, kind: PriorityClass | None = FIRST, **fields: object) -> NodeSession:
    """A node that waits, asked for `at` minutes after eight; its job is called like it."""
    known = {"job": JobId(f"{person}-{session}"), "gpus": 1}
    return NodeSession(
        person=person,
        session=session,
        asked=MORNING + timedelta(minutes=at),
        priority_class=kind,
        **{**known, **fields},
    )


def change(person: str, session: str, was: PriorityClass, to: PriorityClass) -> Change:
    """That node's way from one class to another."""
    return Change(job=JobId(f"{person}-{session}"), person=person, session=session, was=was, to=to)


def test_the_first_node_is_first_and_each_further_one_second():
    """Whatever the others have, and whether it runs, waits, or isn't handed over yet."""
    others = [node("bob", "lab", 1)]

    assert priority_for("ann", others) is FIRST
    assert priority_for("ann", [*others, node("ann", "lab", 2, None, job=None)]) is SECOND


def test_nothing_changes_where_all_is_right():
    """Two people, one with three nodes."""
    live = [node("ann", "a", 1), node("ann", "b", 2, SECOND), node("bob", "a", 3), node("ann", "c", 4, SECOND)]

    assert reconcile(live) == ()


def test_when_the_first_has_ended_the_oldest_that_waits_is_promoted():
    """One of two that wait."""
    live = [node("ann", "c", 4, SECOND), node("ann", "b", 2, SECOND)]

    assert reconcile(live) == (change("ann", "b", SECOND, FIRST),)


def test_when_the_first_has_ended_the_one_that_runs_is_first():
    """Its person has a node; the older one, that waits, doesn't go before people who have none."""
    live = [node("ann", "b", 2, SECOND), node("ann", "c", 4, SECOND, placed=True)]

    assert reconcile(live) == (change("ann", "c", SECOND, FIRST),)


def test_a_further_node_that_started_in_a_gap_is_the_first_one():
    """The large one that was asked for before it waits as a further one: down comes before up."""
    live = [node("ann", "large", 1, FIRST, gpus=4), node("ann", "small", 2, SECOND, placed=True)]

    assert reconcile(live) == (change("ann", "large", FIRST, SECOND), change("ann", "small", SECOND, FIRST))


@pytest.mark.parametrize("moved", [FIRST, BATCH])
def test_what_was_moved_by_hand_is_moved_back(moved):
    """To a better class or a worse one."""
    live = [node("ann", "a", 1), node("ann", "b", 2, moved)]

    assert reconcile(live) == (change("ann", "b", moved, SECOND),)


def test_a_node_of_which_nothing_is_known_keeps_its_place_and_is_left_alone():
    """The scheduler doesn't answer for the first: the further one isn't promoted over it."""
    live = [node("ann", "a", 1, None, placed=True), node("ann", "b", 2, SECOND)]

    assert reconcile(live) == ()


def test_nobody_else_s_nodes_are_touched():
    """One person's end is no other's promotion."""
    live = [node("ann", "b", 2, SECOND), node("bob", "a", 1), node("bob", "b", 3, SECOND)]

    assert reconcile(live) == (change("ann", "b", SECOND, FIRST),)


def test_who_waits_before_a_further_node():
    """People without a node, each once; not those who have one, nor the same person, nor who wants another model."""
    mine = node("ann", "b", 2, SECOND, gpu_model="a100")
    live = [
        node("ann", "a", 1, placed=True),
        mine,
        node("bob", "a", 3),
        node("bob", "b", 4, SECOND),
        node("cat", "a", 5, gpu_model="a100"),
        node("dan", "a", 6, placed=True),
        node("eve", "a", 7, gpu_model="v100"),
    ]

    assert people_before(mine, live) == 2
    assert people_before(mine, [one for one in live if one is not mine]) == 2


def test_nobody_comes_before_a_first_node_or_one_that_runs():
    """There the scheduler's fair share decides, or nothing any more."""
    first, running = node("ann", "a", 1), node("cat", "b", 3, SECOND, placed=True)
    live = [first, node("bob", "a", 2), node("cat", "a", 1, placed=True), running]

    assert [people_before(one, live) for one in (first, running)] == [0, 0]


def test_what_one_asked_for_earlier_comes_before_what_one_asked_for_later():
    """As far as it waits, and on GPUs that both could take; nobody else's counts, and nothing is before what runs."""
    runs, large = node("ann", "lab", 0, placed=True), node("ann", "lab-2", 1, SECOND)
    other, mine = node("ann", "lab-3", 2, SECOND, gpu_model="v100"), node("ann", "lab-4", 3, SECOND, gpu_model="a100")
    live = [mine, other, large, runs, node("ann", "lab-5", 4, SECOND), node("bob", "lab", 0)]

    assert own_before(mine, live) == (large,)
    assert own_before(runs, live) == ()


@pytest.mark.parametrize("wrong", [{"priority_class": APP}, {"asked": datetime(2026, 11, 26)}])  # noqa: DTZ001 - the case
def test_an_app_session_or_a_time_without_zone_is_no_node(wrong):
    """Said where it is made, not where it is sorted."""
    with pytest.raises(CcdsError, match="expected a node's class"):
        replace(node("ann", "a", 1), **wrong)


GPUS = 8
"""Of the machine on which the properties play; nodes take 1 to 4, and cores and memory are never short."""


@dataclass
class Played:
    """One node of the play."""

    person: str
    number: int
    gpus: int
    kind: PriorityClass
    placed: bool = False

    @property
    def seen(self) -> NodeSession:
        """As the hub sees it when the scheduler answers."""
        return node(self.person, str(self.number), self.number, self.kind, placed=self.placed, gpus=self.gpus)


class Cluster(RuleBasedStateMachine):
    """People ask, end, fail and move by hand; the scheduler starts; the hub looks now and then, not always answered.

    Between two ticks of the hub a class may be stale, as `ccds_kernel.batch.policy` says: of a start only those nodes are
    compared whose class is right when it happens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Played] = []
        self.count = 0

    @rule(person=st.sampled_from("abcd"), gpus=st.integers(1, 4))
    def ask(self, person: str, gpus: int) -> None:
        """Somebody asks for a node."""
        self.count += 1
        kind = priority_for(person, [one.seen for one in self.nodes])
        self.nodes.append(Played(person, self.count, gpus, kind))

    @precondition(lambda self: self.nodes)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """A node ends, or is called off while it waits."""
        self.nodes.remove(data.draw(st.sampled_from(self.nodes)))

    @precondition(lambda self: any(one.placed for one in self.nodes))
    @rule(data=st.data())
    def lose_host(self, data: st.DataObject) -> None:
        """A host fails: the scheduler puts its node back into the queue."""
        data.draw(st.sampled_from([one for one in self.nodes if one.placed])).placed = False

    @precondition(lambda self: self.nodes)
    @rule(data=st.data(), kind=st.sampled_from([FIRST, SECOND, BATCH]))
    def move_by_hand(self, data: st.DataObject, kind: PriorityClass) -> None:
        """An owner moves a node to another class."""
        data.draw(st.sampled_from(self.nodes)).kind = kind

    @rule(data=st.data())
    def tick_without_answers(self, data: st.DataObject) -> None:
        """The scheduler says nothing of some nodes: these are left alone, and nobody is promoted over them."""
        silent = {one.number for one in self.nodes if data.draw(st.booleans())}
        seen = [replace(one.seen, priority_class=None) if one.number in silent else one.seen for one in self.nodes]

        changes = reconcile(seen)
        self.carry_out(changes)

        assert not {int(it.session) for it in changes} & silent
        promoted = {it.person for it in changes if it.to is FIRST}
        assert all(first_nodes(seen)[person].priority_class is not None for person in promoted)

    @rule()
    def tick(self) -> None:
        """The hub looks, and its changes are taken: each person has one node of the first class; asking again gives nothing."""
        self.carry_out(reconcile(one.seen for one in self.nodes))

        assert reconcile(one.seen for one in self.nodes) == ()
        firsts = [one.person for one in self.nodes if one.kind is FIRST]
        assert sorted(firsts) == sorted({one.person for one in self.nodes})

    @rule(taken=st.integers(0, 2))
    def tick_broken_off(self, taken: int) -> None:
        """The scheduler goes away in the middle: no person has come to two nodes of the first class by that."""
        before = self.of_first_class()

        self.carry_out(reconcile(one.seen for one in self.nodes)[:taken])

        assert all(count <= max(1, before.get(person, 0)) for person, count in self.of_first_class().items())

    def of_first_class(self) -> dict[str, int]:
        """How many nodes of the first class each person has."""
        owners = [one.person for one in self.nodes if one.kind is FIRST]
        return {person: owners.count(person) for person in owners}

    def carry_out(self, changes: Iterable[Change]) -> None:
        """The scheduler takes these changes."""
        for it in changes:
            (moved,) = [one for one in self.nodes if str(one.number) == it.session]
            assert moved.kind is it.was
            moved.kind = it.to

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        """The scheduler starts what it starts; of nodes whose classes are right no further one passes a first that fits."""
        right = {it.session for it in (one.seen for one in self.nodes)} - {
            it.session for it in reconcile(one.seen for one in self.nodes)
        }
        for number in self.starts(data):
            (started,) = [one for one in self.nodes if one.number == number]
            firsts = first_nodes(one.seen for one in self.nodes)
            free = self.free
            passed = [
                first
                for first in firsts.values()
                if not first.placed and first.gpus <= free and first.session in right and first.session != str(number)
            ]
            further = firsts[started.person].session != str(number)
            assert not (further and str(number) in right and passed)
            assert started.gpus <= free
            started.placed = True

    @property
    def free(self) -> int:
        """GPUs that nobody has."""
        return GPUS - sum(one.gpus for one in self.nodes if one.placed)

    def starts(self, data: st.DataObject) -> list[int]:
        """What starts now, in order."""
        raise NotImplementedError

    @invariant()
    def nothing_is_overcommitted(self) -> None:
        """The play itself is sound."""
        assert self.free >= 0


class TieredCluster(Cluster):
    """A scheduler that keeps what Slurm and LSF promise, and else does its worst.

    It starts in any order, leaves things lie, backfills; only a node of a lower class doesn't start while one of a higher
    that fits waits.
    """

    def starts(self, data: st.DataObject) -> list[int]:
        """Any one of the best class of those that fit."""
        rank = {FIRST: 0, SECOND: 1, BATCH: 2}
        fitting = [one for one in self.nodes if not one.placed and one.gpus <= self.free]
        allowed = [one.number for one in fitting if rank[one.kind] == min(rank[it.kind] for it in fitting)]
        return [data.draw(st.sampled_from(allowed))] if allowed else []


class LocalCluster(Cluster):
    """The local scheduler's own decision."""

    def starts(self, data: st.DataObject) -> list[int]:  # noqa: ARG002 - nothing is left to chance
        """What it decides."""
        machine = dispatch.Capacity(cpus=1000, memory_mb=10**6, gpus=tuple(map(str, range(GPUS))))
        return [int(start.id) for start in dispatch.plan([self.job(one, machine) for one in self.nodes], machine).start]

    def job(self, one: Played, machine: dispatch.Capacity) -> dispatch.Job:
        """As the scheduler has it."""
        before = sum(other.gpus for other in self.nodes if other.placed and other.number < one.number)
        return dispatch.Job(
            id=JobId(str(one.number)),
            order=one.number,
            owner=one.person,
            priority_class=one.kind,
            asks=dispatch.need(one.kind, cpus=1, memory_mb=1, gpus=one.gpus),
            running=one.placed,
            gpus=machine.gpus[before : before + one.gpus] if one.placed else (),
        )


TestTieredCluster = TieredCluster.TestCase
TestLocalCluster = LocalCluster.TestCase
TestTieredCluster.settings = TestLocalCluster.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
