"""Who comes first, in every sequence of what can happen: people, schedulers and the hub at play, with properties that hold."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.batch.local import dispatch
from ccds_kernel.batch.policy import Change, NodeSession, first_nodes, priority_for, reconcile
from support.nodes import node

FIRST, SECOND, BATCH = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH
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
