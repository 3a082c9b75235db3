"""The dispatch decision: compared whole for the rules, and as properties for every mix of jobs."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.batch.local.dispatch import (
    Capacity,
    Decisions,
    Job,
    Room,
    Start,
    after,
    free_room,
    need,
    plan,
    waiting_in_order,
)
from ccds_kernel.errors import CcdsError

FIRST, SECOND, BATCH, APP = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH, PriorityClass.APP
MACHINE = Capacity(cpus=8, memory_mb=8000, gpus=("0", "1", "2", "3"), apps=2)
INTERACTIVE = {FIRST, SECOND}


def job(name: str, kind: PriorityClass, order: int, *, gpus: int = 0, cpus: int = 1, **fields: object) -> Job:
    """A waiting job that asks for 100 MiB."""
    asks = need(kind, cpus=cpus, memory_mb=100, gpus=gpus)
    return Job(id=JobId(name), order=order, priority_class=kind, asks=asks, **{"owner": name, **fields})


def running(name: str, kind: PriorityClass, order: int, slots: str, **fields: object) -> Job:
    """A running job that holds these GPU slots."""
    waiting = job(name, kind, order, gpus=len(slots), **fields)
    return replace(waiting, running=True, gpus=tuple(slots), started=float(order))


def running_batch(name: str, order: int, slots: str, **fields: object) -> Job:
    """A running batch job that may be requeued."""
    return running(name, BATCH, order, slots, preemptible=True, **fields)


def test_what_fits_starts_on_the_lowest_free_slots() -> None:
    """Slots are handed out in the site's order."""
    jobs = [running("a", FIRST, 1, "1"), job("b", BATCH, 2, gpus=2), job("c", BATCH, 3, gpus=1)]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions(start=(Start(JobId("b"), ("0", "2")), Start(JobId("c"), ("3",))))


def test_the_class_comes_before_the_order() -> None:
    """First before further before batch; within a class who asked first."""
    jobs = [job("b", BATCH, 1), job("s", SECOND, 2), job("f2", FIRST, 4), job("f1", FIRST, 3)]

    order = [it.id for it in waiting_in_order(jobs)]

    assert order == ["f1", "f2", "s", "b"]


def test_who_has_fewest_nodes_comes_first_among_first_nodes() -> None:
    """A person with a running node waits behind one without; batch work doesn't count as a node."""
    jobs = [
        running("a-node", SECOND, 1, "0", owner="ann"),
        running("b-batch", BATCH, 2, "1", owner="bob"),
        job("a", FIRST, 3, owner="ann"),
        job("b", FIRST, 4, owner="bob"),
    ]

    order = [it.id for it in waiting_in_order(jobs)]

    assert order == ["b", "a"]


def test_a_node_that_starts_counts_for_the_next_one() -> None:
    """Two cores are free, ann asked twice before bob: one each."""
    busy = running("busy", FIRST, 1, "", cpus=6, owner="eve")
    jobs = [busy, *(job(name, FIRST, n, owner=name[:1]) for n, name in enumerate(["a1", "a2", "b"], start=2))]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions(start=(Start(JobId("a1")), Start(JobId("b"))))


def test_the_youngest_batch_run_makes_room_and_no_other() -> None:
    """One GPU is wanted: the batch run that began last goes, also for a further node."""
    jobs = [running_batch("old", 1, "01"), running_batch("young", 2, "2"), running_batch("mid", 1, "3")]

    decisions = plan([*jobs, job("s", SECOND, 9, gpus=1)], MACHINE)

    assert decisions == Decisions(preempt=(JobId("young"),))


def test_a_run_that_frees_nothing_wanted_is_spared() -> None:
    """A younger batch run without GPU stays when GPUs are wanted."""
    jobs = [running_batch("gpus", 1, "0123"), running_batch("cores", 2, ""), job("f", FIRST, 9, gpus=1)]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions(preempt=(JobId("gpus"),))


def test_nobody_is_preempted_in_vain() -> None:
    """Where preempting would not be enough, batch work goes on."""
    jobs = [running("f0", FIRST, 1, "012"), running_batch("b", 2, "3"), job("f", FIRST, 9, gpus=2)]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions()


def test_nobody_is_preempted_twice_for_one_job() -> None:
    """While a preempted run is still ending, its room counts as coming."""
    jobs = [running_batch("going", 2, "3", stopping=True), running_batch("b", 1, "012"), job("f", FIRST, 9, gpus=1)]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions()


def test_batch_does_not_yield_to_batch_nor_what_may_not_be_requeued() -> None:
    """Only interactive jobs preempt, and only requeueable batch work."""
    fixed = running("fixed", BATCH, 1, "0123")

    decisions = plan([fixed, job("f", FIRST, 2, gpus=1)], MACHINE)
    among_batch = plan([running_batch("b", 1, "0123"), job("c", BATCH, 2, gpus=1)], MACHINE)

    assert decisions == among_batch == Decisions()


def test_a_large_first_node_is_not_starved_by_further_ones() -> None:
    """Two GPUs are free, a first node waits for four: a further node and unyielding batch work don't take them."""
    jobs = [
        running("f0", FIRST, 1, "01"),
        job("f", FIRST, 2, gpus=4),
        job("s", SECOND, 3, gpus=1),
        job("b", BATCH, 4, gpus=1),
    ]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions()


def test_preemptible_batch_uses_what_a_waiting_node_keeps() -> None:
    """The same two GPUs go to work that gives them back at once."""
    jobs = [running("f0", FIRST, 1, "01"), job("f", FIRST, 2, gpus=4), job("b", BATCH, 3, gpus=2, preemptible=True)]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions(start=(Start(JobId("b"), ("2", "3")),))


@pytest.mark.parametrize("preemptible", [False, True])
def test_a_large_batch_job_is_not_starved_by_later_ones(preemptible: bool) -> None:
    """Two GPUs are free, a batch job waits for four: the small one behind it doesn't take them."""
    jobs = [running("f0", FIRST, 1, "01"), job("large", BATCH, 2, gpus=4), job("small", BATCH, 3, gpus=1)]

    decisions = plan([replace(it, preemptible=preemptible) for it in jobs], MACHINE)

    assert decisions == Decisions()


def test_room_that_is_just_being_made_goes_to_nobody_else() -> None:
    """The preempted job itself must not take the free GPU that the first node waits to complete."""
    jobs = [
        running("f0", FIRST, 1, "01"),
        running_batch("going", 2, "2", stopping=True),
        job("f", FIRST, 3, gpus=2),
        job("b", BATCH, 4, gpus=1, preemptible=True),
    ]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions()


def test_app_sessions_take_places_only() -> None:
    """On a machine without a free core two apps start, the third waits for a place."""
    full = replace(running("full", FIRST, 1, "0123"), asks=MACHINE.room - Room(apps=MACHINE.apps))

    decisions = plan([full, *(job(f"app{n}", APP, n) for n in (2, 3, 4))], MACHINE)

    assert decisions == Decisions(start=(Start(JobId("app2")), Start(JobId("app3"))))


def test_what_no_longer_fits_the_machine_blocks_nobody() -> None:
    """The site lowered its capacity: a job that asks for more waits, the others go on."""
    jobs = [job("huge", FIRST, 1, gpus=5), job("s", SECOND, 2, gpus=1)]

    decisions = plan(jobs, MACHINE)

    assert decisions == Decisions(start=(Start(JobId("s"), ("0",)),))


@pytest.mark.parametrize(
    "wrong", [{"cpus": 0}, {"memory_mb": 0}, {"apps": -1}, {"gpus": ("0", "0")}, {"gpus": ("0,1",)}, {"gpus": ("",)}]
)
def test_a_wrong_capacity_is_refused(wrong: dict[str, object]) -> None:
    """A site that declares nonsense is told."""
    with pytest.raises(CcdsError, match="capacity"):
        Capacity(**{"cpus": 1, "memory_mb": 1, **wrong})


@st.composite
def situations(draw: st.DrawFn) -> list[Job]:
    """Jobs that wait or run, the running ones within the machine, some being stopped."""
    found: list[Job] = []
    for order in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(list(PriorityClass)))
        new = job(
            str(order),
            kind,
            order,
            gpus=0 if kind is APP else draw(st.integers(0, 5)),
            cpus=draw(st.integers(1, 6)),
            preemptible=kind is BATCH and draw(st.booleans()),
            owner=draw(st.sampled_from("abc")),
        )
        if draw(st.booleans()) and free_room(found, MACHINE).holds(new.asks):
            free = [slot for slot in MACHINE.gpus if not any(slot in it.gpus for it in found)]
            moment = draw(st.floats(0, 100))
            slots = tuple(free[: new.asks.gpus])
            new = replace(new, running=True, stopping=draw(st.booleans()), gpus=slots, started=moment)
        found.append(new)
    return found


@given(situations())
def test_nothing_is_over_committed(jobs: list[Job]) -> None:
    """Whatever runs and waits: room never goes below zero and each slot has one owner, as many as were asked for."""
    later = after(jobs, plan(jobs, MACHINE), now=1000.0)

    assert min(astuple(free_room(later, MACHINE))) >= 0
    slots = [slot for it in later for slot in it.gpus]
    assert len(slots) == len(set(slots))
    assert set(slots) <= set(MACHINE.gpus)
    assert all(len(it.gpus) == it.asks.gpus for it in later if it.running)


@given(situations())
def test_a_first_node_that_fits_is_passed_by_no_further_node_and_no_batch(jobs: list[Job]) -> None:
    """Where a first node would fit in what the started first nodes leave, and yet others before it keep that room,
    nothing lower that can't be preempted takes it.
    """
    free = free_room(jobs, MACHINE)
    decisions = plan(jobs, MACHINE)
    by_id = {it.id: it for it in jobs}
    started = [by_id[start.id] for start in decisions.start]
    lower = [it for it in started if it.priority_class in {SECOND, BATCH} and not it.preemptible]
    firsts = [it for it in started if it.priority_class is FIRST]

    waiting = [it for it in jobs if not it.running and it.priority_class is FIRST and it not in firsts]
    for first in waiting:
        left = sum((it.asks for it in firsts), Room())
        if (free - left).holds(first.asks):
            for it in lower:
                assert (free - left - first.asks).holds(it.asks)


@given(situations())
def test_only_batch_that_yields_is_preempted_and_each_is_needed(jobs: list[Job]) -> None:
    """Victims run, are preemptible and not being stopped already; an interactive job waits for their room."""
    decisions = plan(jobs, MACHINE)
    by_id = {it.id: it for it in jobs}

    victims = [by_id[victim] for victim in decisions.preempt]

    assert len(set(decisions.preempt)) == len(victims)
    assert all(it.running and it.preemptible and not it.stopping for it in victims)
    started = {start.id for start in decisions.start}
    waits = [it for it in jobs if not it.running and it.id not in started and it.priority_class in INTERACTIVE]
    assert waits or not victims


@given(situations())
def test_asking_again_decides_nothing_new(jobs: list[Job]) -> None:
    """A decision that was carried out leaves nothing to decide until something ends or comes."""
    later = after(jobs, plan(jobs, MACHINE), now=1000.0)

    assert plan(later, MACHINE) == Decisions()


@given(situations())
def test_every_job_ends_when_runs_end(jobs: list[Job]) -> None:
    """With runs ending one after the other and nobody new, each job that fits the machine gets its turn."""
    present = [it for it in jobs if MACHINE.room.holds(it.asks)]
    for _ in range(20 * len(present) + 1):
        present = after(present, plan(present, MACHINE), now=1000.0)
        present = [
            replace(it, running=False, stopping=False, gpus=()) if it.stopping and it.preemptible else it
            for it in present
        ]
        over = next((it for it in present if it.running), None)
        if over:
            present.remove(over)

    assert present == []
