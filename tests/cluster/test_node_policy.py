"""The first-node rule on a real Slurm with four GPUs: who starts, who waits, who is moved back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ccds_hub.policy_loop import PolicyLoop
from ccds_kernel.audit.events.cluster import NodeMovedBack
from ccds_kernel.batch import JobId, JobSpec, JobState, PriorityClass
from ccds_kernel.batch.policy import priority_for
from ccds_spawners.nodes import LiveNodes
from ccds_spawners.watch import JobWatch
from support.sessions import stand_in
from support.slurm import TWO_BY_TWO, Cluster, running_slurm
from support.slurm_client import client
from support.waiting import until

FIRST, SECOND = PriorityClass.FIRST, PriorityClass.SECOND


class Rule:
    """People's nodes on that cluster, and the hub's loop, which looks when the test says so."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.scheduler = client(cluster, folder / "jobs")
        self.now = 0.0
        self.watch, self.nodes = JobWatch(self.scheduler, tick=0.05, clock=lambda: self.now), LiveNodes()
        self.events: list[NodeMovedBack] = []
        self.loop = PolicyLoop(self.scheduler, self.watch, self.nodes, self.events.append, tick=0.1)
        self.spawners: list[SimpleNamespace] = []

    def ask(self, person: str, name: str, gpus: int = 2) -> JobId:
        """Somebody asks for a node, in the class that the policy gives it."""
        spec = JobSpec(
            name=f"session-{person}-{name}",
            command=("sleep", "600"),
            cwd=self.folder,
            log=self.folder / f"{person}-{name}.txt",
            owner=person,
            gpus=gpus,
            memory_mb=500,
            priority_class=priority_for(person, self.nodes.live),
        )
        job = self.scheduler.submit(spec)
        self.spawners.append(stand_in(person, name, job, self.watch))
        self.look()
        return job

    def look(self) -> None:
        """One look of the loop, with no answer of Slurm's from before it."""
        self.now += 1.0
        asyncio.run(self.loop.look(self.spawners))

    def states(self, *jobs: JobId) -> list[JobState]:
        """Where they stand."""
        found = self.scheduler.status(jobs)
        return [found[job].state for job in jobs]

    def kind(self, job: JobId) -> PriorityClass | None:
        """A job's class, as Slurm says."""
        return self.scheduler.status([job])[job].priority_class

    def until_runs(self, job: JobId) -> None:
        """Waits until Slurm has started it."""
        until(lambda: self.states(job) == [JobState.RUNNING], "the job to run", seconds=40)

    def end(self, job: JobId) -> None:
        """Its person ends it."""
        self.scheduler.cancel(job)
        until(lambda: self.states(job)[0].ended, "the job's end", seconds=40)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes with two GPUs each, and a host for apps."""
    with running_slurm(*TWO_BY_TWO) as running:
        yield running


@pytest.fixture
def rule(cluster: Cluster, tmp_path: Path) -> Iterator[Rule]:
    """Nobody's nodes, at the begin and at the end."""
    yield Rule(cluster, tmp_path)
    cluster.cancel_all()


def test_a_second_node_waits_behind_somebody_s_first_and_is_promoted_when_its_first_ends(rule: Rule) -> None:
    """Ann asked for her second node before bob for his first: his starts. Then her first ends, and her second is her first."""
    ann, cat = rule.ask("ann", "lab"), rule.ask("cat", "lab")
    rule.until_runs(ann)
    rule.until_runs(cat)
    further, bob = rule.ask("ann", "lab-2"), rule.ask("bob", "lab")
    asked = [rule.kind(job) for job in (further, bob)]

    rule.end(cat)
    rule.until_runs(bob)
    waits = rule.states(further)
    rule.end(ann)
    rule.look()
    promoted = rule.kind(further)
    rule.until_runs(further)

    assert asked == [SECOND, FIRST]
    assert waits == [JobState.PENDING]
    assert promoted is FIRST
    assert rule.events == []


def test_an_owner_s_move_to_a_better_partition_is_moved_back(rule: Rule) -> None:
    """By scontrol, as Slurm lets every owner where no plugin forbids it; one look of the hub later it is where it was."""
    ann, cat = rule.ask("ann", "lab"), rule.ask("cat", "lab")
    rule.until_runs(ann)
    rule.until_runs(cat)
    further = rule.ask("ann", "lab-2")

    rule.cluster.run("scontrol", "update", f"JobId={further}", "Partition=interactive")
    moved = rule.kind(further)
    rule.look()

    assert moved is FIRST
    assert rule.kind(further) is SECOND
    assert [(event.person, event.session, event.was, event.to) for event in rule.events] == [
        ("ann", "lab-2", "first", "second")
    ]


def test_while_slurm_does_not_answer_nothing_is_changed(rule: Rule) -> None:
    """Its controller hangs: every node keeps its place, and the next look puts right what has ended meanwhile."""
    ann, cat = rule.ask("ann", "lab"), rule.ask("cat", "lab")
    rule.until_runs(ann)
    rule.until_runs(cat)
    further = rule.ask("ann", "lab-2")

    rule.cluster.kill_controller()
    rule.look()
    silent = [node.priority_class for node in rule.nodes.live]
    rule.cluster.start_controller()
    rule.end(ann)
    rule.look()

    assert silent == [None, None, None]
    assert rule.kind(further) is FIRST
