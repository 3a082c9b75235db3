"""How often the scheduler is asked, and what is believed of its answers."""

import asyncio
import copy
import threading
from collections.abc import Iterable, Mapping

from ccds_kernel.batch.scheduler import SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.states import Explanation, JobId, JobState, JobStatus
from ccds_spawners.watch import PATIENCE_S, JobWatch, Known

JOBS = [JobId(str(number)) for number in range(300)]


class Counting:
    """A scheduler that counts its questions; only what the watch asks for."""

    def __init__(self, state: JobState = JobState.RUNNING) -> None:
        self.state, self.questions, self.whys = state, [], []
        self.failure: Exception | None = None
        self.waits: Explanation | None = None
        self.asked, self.gate = threading.Event(), threading.Event()
        self.gate.set()

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """Every job is in the same state."""
        asked = list(ids)
        self.questions.append(asked)
        self.asked.set()
        self.gate.wait(10)
        if self.failure:
            raise self.failure
        return {job: JobStatus(id=job, state=self.state, node="n1", waits=self.waits) for job in asked}

    def explain(self, job: JobId) -> Explanation:
        """Its own reason for each job."""
        self.whys.append(job)
        if self.failure:
            raise self.failure
        return Explanation(reason=f"why {job}")


class Clock:
    """A clock that goes on only when somebody pauses, or the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    async def pause(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds


def watching(scheduler: Counting, patience: float = PATIENCE_S) -> tuple[JobWatch, Clock]:
    """A watch with a tick of 1 s on a clock of its own."""
    clock = Clock()
    return JobWatch(scheduler, tick=1.0, clock=clock, pause=clock.pause, patience=patience), clock


def test_one_question_for_all_sessions_in_a_tick() -> None:
    """Three hundred sessions that ask at once, and again within the tick, cost one query."""
    scheduler = Counting()

    async def ask() -> list[JobStatus]:
        watch, clock = watching(scheduler)
        await watch.status(JOBS[0])
        clock.now += 1.0
        scheduler.questions.clear()
        await asyncio.gather(*map(watch.status, JOBS))
        clock.now += 0.9
        return await asyncio.gather(*map(watch.status, JOBS))

    answers = asyncio.run(ask())

    assert [answer.id for answer in answers] == JOBS
    assert [sorted(asked) for asked in scheduler.questions] == [sorted(JOBS)]


def test_new_sessions_wait_for_the_next_tick() -> None:
    """However many new jobs come one after the other, there is at most one query in each tick of the clock."""
    scheduler = Counting()

    async def ask() -> float:
        watch, clock = watching(scheduler)
        began = clock.now
        for job in JOBS[:20]:
            await watch.status(job)
        return clock.now - began

    seconds = asyncio.run(ask())

    assert len(scheduler.questions) <= seconds + 1
    assert len(scheduler.questions) == 20


def test_an_answer_is_renewed_after_a_tick() -> None:
    """A state is never older than that."""
    scheduler = Counting()

    async def ask() -> JobState:
        watch, clock = watching(scheduler)
        await watch.status(JOBS[0])
        scheduler.state = JobState.FAILED
        clock.now += 1.0
        return (await watch.status(JOBS[0])).state

    assert asyncio.run(ask()) is JobState.FAILED


def test_a_slow_scheduler_is_not_asked_twice_at_once() -> None:
    """Who comes meanwhile waits for the answer that is on its way, and for the next where it isn't about them."""
    scheduler = Counting()
    scheduler.gate.clear()

    async def ask() -> int:
        watch, _ = watching(scheduler)
        waiting = [asyncio.ensure_future(watch.status(JOBS[0])) for _ in range(50)]
        await asyncio.to_thread(scheduler.asked.wait, 10)
        waiting += [asyncio.ensure_future(watch.status(JOBS[1]))]
        during = len(scheduler.questions)
        scheduler.gate.set()
        await asyncio.gather(*waiting)
        return during

    during = asyncio.run(ask())

    assert during == 1
    assert len(scheduler.questions) == 2


def test_who_leaves_does_not_cut_the_others_short() -> None:
    """A cancelled question goes on for those who asked it too."""
    scheduler = Counting()
    scheduler.gate.clear()

    async def ask() -> JobStatus:
        watch, _ = watching(scheduler)
        first, second = (asyncio.ensure_future(watch.status(job)) for job in (JOBS[0], JOBS[0]))
        await asyncio.to_thread(scheduler.asked.wait, 10)
        first.cancel()
        scheduler.gate.set()
        return await second

    assert asyncio.run(ask()).state is JobState.RUNNING


def test_a_scheduler_that_raises_leaves_everything_alive() -> None:
    """Whatever it raises: JupyterHub would take it for the end of the session."""
    scheduler = Counting()
    unavailable = SchedulerUnavailableError(expected="an answer", found="none", do="wait")

    async def ask(failure: Exception) -> JobStatus:
        watch, _ = watching(scheduler)
        scheduler.failure = failure
        return await watch.status(JOBS[0])

    answers = [asyncio.run(ask(failure)) for failure in (unavailable, OSError("gone"), ValueError("odd"))]

    assert {answer.state for answer in answers} == {JobState.UNKNOWN}
    assert not any(answer.state.ended for answer in answers)


def test_a_forgotten_job_is_asked_about_no_more() -> None:
    """And one that somebody still waits for is answered all the same."""
    scheduler = Counting()

    async def ask() -> JobStatus:
        watch, clock = watching(scheduler)
        await asyncio.gather(watch.status(JOBS[0]), watch.status(JOBS[1]))
        watch.forget(JOBS[0])
        clock.now += 1.0
        await watch.status(JOBS[1])
        watch.forget(JOBS[1])
        clock.now += 1.0
        return await watch.status(JOBS[1])

    answer = asyncio.run(ask())

    assert answer.id == JOBS[1]
    assert scheduler.questions[1:] == [[JOBS[1]], [JOBS[1]]]


def test_reasons_are_asked_for_in_turn() -> None:
    """One question a tick for all that wait; within as many ticks everybody has an answer."""
    scheduler = Counting(JobState.PENDING)

    async def ask() -> list[Explanation | None]:
        watch, clock = watching(scheduler)
        for _ in JOBS[:5]:
            for job in JOBS[:5]:
                await watch.explain(job)
            clock.now += 1.0
        return [await watch.explain(job) for job in JOBS[:5]]

    told = asyncio.run(ask())

    assert [why.reason for why in told if why] == [f"why {job}" for job in JOBS[:5]]
    assert scheduler.whys[:5] == JOBS[:5]
    assert len(scheduler.whys) <= 6


def test_a_reason_that_is_not_told_stops_nobody() -> None:
    """A job that the scheduler can't explain takes its turn and leaves it to the next."""
    scheduler = Counting(JobState.PENDING)
    scheduler.failure = UnknownJobError(expected="a job", found="none", do="see the list")

    async def ask() -> list[Explanation | None]:
        watch, clock = watching(scheduler)
        first = await watch.explain(JOBS[0])
        scheduler.failure = None
        second = None
        for _ in range(2):
            clock.now += 1.0
            second = await watch.explain(JOBS[1])
        return [first, second]

    assert asyncio.run(ask()) == [None, Explanation(reason="why 1")]


def test_all_spawners_share_one_watch() -> None:
    """Traitlets copies for each spawner what a configuration holds; copies would each ask the scheduler themselves."""
    watch = JobWatch(Counting())

    assert copy.deepcopy({"watch": watch})["watch"] is watch


def test_a_scheduler_that_says_why_with_the_state_is_asked_nothing_else() -> None:
    """One query a tick is all that it gets, however many wait."""
    scheduler = Counting(JobState.PENDING)
    scheduler.waits = Explanation(reason="others come first", position=2)

    async def ask() -> list[Explanation | None]:
        watch, clock = watching(scheduler)
        told = []
        for _ in range(3):
            await asyncio.gather(*map(watch.status, JOBS))
            told += [await watch.explain(job) for job in JOBS]
            clock.now += 1.0
        return told

    told = asyncio.run(ask())

    assert set(told) == {scheduler.waits}
    assert scheduler.whys == []
    assert len(scheduler.questions) == 3


def test_what_was_known_last_stays_known() -> None:
    """While the scheduler is silent: its last word, and when that was."""
    scheduler = Counting()

    async def ask() -> tuple[Known | None, Known | None, JobStatus | None]:
        watch, clock = watching(scheduler)
        await watch.status(JOBS[0])
        before = watch.known(JOBS[0])
        scheduler.failure = OSError("gone")
        clock.now += 1.0
        await watch.status(JOBS[0])
        return before, watch.known(JOBS[0]), watch.last(JOBS[0])

    before, after, last = asyncio.run(ask())

    assert before is not None
    assert after == before
    assert last is not None
    assert last.state is JobState.UNKNOWN


def test_a_scheduler_that_hangs_keeps_nobody_waiting() -> None:
    """Its jobs are unknown, which is alive, and it isn't asked again before it has let go of the question."""
    scheduler = Counting()
    scheduler.gate.clear()

    async def ask() -> tuple[list[JobStatus], int, JobStatus]:
        watch, clock = watching(scheduler, patience=0.01)
        hung = []
        for _ in range(3):
            hung.append(await watch.status(JOBS[0]))
            clock.now += 1.0
        during = len(scheduler.questions)
        scheduler.gate.set()
        while (status := await watch.status(JOBS[0])).state is JobState.UNKNOWN:  # until its thread has noticed
            clock.now += 1.0
            await asyncio.sleep(0)
        return hung, during, status

    hung, during, after = asyncio.run(ask())

    assert {status.state for status in hung} == {JobState.UNKNOWN}
    assert during == 1
    assert after.state is JobState.RUNNING
