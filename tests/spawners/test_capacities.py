"""How often the scheduler is asked about the cluster, however many people look."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ccds_kernel.batch import (
    Explanation,
    JobRefusedError,
    JobSpec,
    Node,
    PriorityClass,
    SchedulerUnavailableError,
)
from ccds_spawners.capacities import MOST_OF_ALL, MOST_OF_ONE, Capacities

NODE = Node(name="n1", cpus=8, cpus_free=8, memory_mb=1, memory_mb_free=1, gpus=4, gpus_free=4)


class Asked:
    """A scheduler that counts its questions and may refuse to answer."""

    def __init__(self) -> None:
        self.capacities = self.estimates = 0
        self.error: Exception | None = None

    def capacity(self) -> Sequence[Node]:
        """One node."""
        self.capacities += 1
        if self.error:
            raise self.error
        return [NODE]

    def estimate(self, _spec: JobSpec) -> Explanation:
        """Numbered, so that one is told from the next."""
        self.estimates += 1
        if self.error:
            raise self.error
        return Explanation(reason=str(self.estimates))


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def asked() -> Asked:
    """The scheduler."""
    return Asked()


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


def spec(owner: str = "sam", gpus: int = 1, **more: object) -> JobSpec:
    """A job."""
    fixed = {"name": "a", "command": ("x",), "cwd": Path("/"), "log": Path("/x"), "priority_class": PriorityClass.FIRST}
    return JobSpec(**fixed, owner=owner, gpus=gpus, **more)


def unavailable() -> SchedulerUnavailableError:
    """No answer."""
    return SchedulerUnavailableError(expected="an answer", found="none", do="wait")


def test_one_question_for_everybody_who_looks_at_once(asked: Asked, clock: Clock) -> None:
    """A hundred pages in the same seconds cost one; later ones one more."""
    capacities = Capacities(asked, fresh=4, clock=clock)

    async def look() -> None:
        assert set(await asyncio.gather(*(capacities.nodes() for _ in range(100)))) == {(NODE,)}
        clock.now = 3.9
        await capacities.nodes()
        assert asked.capacities == 1
        clock.now = 4.0
        await capacities.nodes()
        assert asked.capacities == 2

    asyncio.run(look())


def test_what_is_free_is_asked_anew_once_something_was_submitted(asked: Asked, clock: Clock) -> None:
    """However fresh the last answer is: it may tell as free what the new job takes."""
    capacities = Capacities(asked, fresh=4, clock=clock)

    async def look() -> None:
        await capacities.nodes()
        capacities.forget_free()
        assert await capacities.nodes() == (NODE,)

    asyncio.run(look())
    assert asked.capacities == 2


def test_a_scheduler_that_does_not_answer_is_not_asked_more_often(asked: Asked, clock: Clock) -> None:
    """What is free is unknown then, and known again once it answers."""
    capacities = Capacities(asked, fresh=4, clock=clock)
    asked.error = unavailable()

    async def look() -> None:
        assert [await capacities.nodes(), await capacities.nodes()] == [None, None]
        assert asked.capacities == 1
        asked.error, clock.now = None, 4
        assert await capacities.nodes() == (NODE,)

    asyncio.run(look())


def test_the_same_need_is_asked_about_once(asked: Asked, clock: Clock) -> None:
    """Another person, number of GPUs or wall time is another need; tokens, folders and names are not."""
    capacities = Capacities(asked, fresh=4, clock=clock)

    async def look() -> None:
        first = await capacities.outlook(spec())
        assert await capacities.outlook(spec(env={"TOKEN": "x"})) == first
        others = [spec("tom"), spec(gpus=2), spec(wall_minutes=30)]
        assert len({(await capacities.outlook(other)).reason for other in others}) == 3
        clock.now = 4
        assert await capacities.outlook(spec()) != first
        assert asked.estimates == 5

    asyncio.run(look())


def test_an_outlook_that_is_not_answered_is_none(asked: Asked, clock: Clock) -> None:
    """And one that will never be is an error, which says why."""
    capacities = Capacities(asked, fresh=4, clock=clock)
    asked.error = unavailable()

    async def look() -> None:
        assert await capacities.outlook(spec()) is None
        asked.error = JobRefusedError(expected="4 GPUs", found="8", do="ask for less")
        for _ in range(3):
            with pytest.raises(JobRefusedError, match="4 GPUs"):
                await capacities.outlook(spec(gpus=8))
        assert asked.estimates == 2  # a refusal is kept, too

    asyncio.run(look())


def test_one_person_s_choices_cost_the_scheduler_so_many_questions(asked: Asked, clock: Clock) -> None:
    """Whoever tries a hundred choices at once leaves the others theirs; all together stay below a number as well."""
    capacities = Capacities(asked, fresh=4, clock=clock)

    async def look() -> None:
        told = await asyncio.gather(*(capacities.outlook(spec("eve", wall_minutes=1 + n)) for n in range(100)))
        assert sum(one is not None for one in told) == asked.estimates == MOST_OF_ONE
        assert await capacities.outlook(spec("sam"))
        for number in range(100):
            await capacities.outlook(spec(f"person{number}"))
        assert asked.estimates == MOST_OF_ALL
        clock.now = 4
        assert await capacities.outlook(spec("eve", gpus=3))

    asyncio.run(look())


class Hanging(Asked):
    """A scheduler that thinks about eve's jobs until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go, self.thinks = threading.Event(), threading.Event()

    def estimate(self, spec: JobSpec) -> Explanation:
        """Everybody else's at once."""
        if spec.owner == "eve":
            self.thinks.set()
            self.let_go.wait(20)
        return super().estimate(spec)


def test_a_question_that_hangs_holds_up_nobody(clock: Clock) -> None:
    """Others are answered meanwhile; the same person is told that nothing is known."""
    asked = Hanging()
    capacities = Capacities(asked, fresh=4, clock=clock, patience=0.05)

    async def look() -> None:
        hangs = asyncio.create_task(capacities.outlook(spec("eve")))
        await asyncio.to_thread(asked.thinks.wait, 20)
        try:
            assert await capacities.outlook(spec("sam"))
            assert await capacities.outlook(spec("eve", gpus=2)) is None
            assert not hangs.done()
        finally:
            asked.let_go.set()
        assert await hangs

    asyncio.run(look())


def test_what_is_kept_does_not_grow_without_end(asked: Asked, clock: Clock) -> None:
    """Old outlooks go when there are many."""
    capacities = Capacities(asked, fresh=4, clock=clock)

    async def look() -> None:
        for number in range(1200):
            clock.now = number / 10
            await capacities.outlook(spec(f"person{number}"))

    asyncio.run(look())

    assert len(capacities._outlooks) <= 501
