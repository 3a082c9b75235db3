"""The loop that keeps the policy, on a scheduler and a clock of the test's own."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ccds_hub.policy_loop import PolicyLoop
from ccds_kernel.audit.events.cluster import NodeMovedBack
from ccds_kernel.batch import (
    JobId,
    JobRefusedError,
    JobState,
    JobStatus,
    PriorityClass,
    SchedulerUnavailableError,
    UnknownJobError,
)
from ccds_kernel.errors import CcdsError
from ccds_spawners.nodes import LiveNodes
from ccds_spawners.watch import JobWatch
from support.sessions import stand_in

FIRST, SECOND, BATCH = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH
MORNING = datetime(2026, 11, 26, 8, tzinfo=UTC)


@dataclass
class Site:
    """A scheduler with its jobs, the sessions that have them, and the loop between; a pause of the loop is time passing."""

    jobs: dict[JobId, JobStatus] = field(default_factory=dict)
    spawners: list[SimpleNamespace] = field(default_factory=list)
    failure: Exception | None = None
    audit_away: bool = False
    questions: int = 0
    refusals: int = 0
    now: float = 1000.0
    moves: list[tuple[JobId, PriorityClass]] = field(default_factory=list)
    events: list[NodeMovedBack] = field(default_factory=list)
    nodes: LiveNodes = field(default_factory=LiveNodes)

    def __post_init__(self) -> None:
        self.watch = JobWatch(self, tick=1.0, clock=lambda: self.now, pause=self.pause)
        self.loop = PolicyLoop(
            self, self.watch, self.nodes, self.audit,
            tick=1.0, clock=lambda: self.now, pause=self.pause,
        )  # fmt: skip

    def session(self, person: str, name: str, kind: PriorityClass, state: JobState = JobState.RUNNING) -> JobId:
        """A session whose job is called like it, asked for after all that are there."""
        job = JobId(f"{person}-{name}")
        submitted = MORNING + timedelta(minutes=len(self.jobs))
        self.jobs[job] = JobStatus(id=job, state=state, priority_class=kind, submitted=submitted, node="n1")
        self.spawners.append(stand_in(person, name, job, self.watch))
        return job

    def set(self, job: JobId, **changed: object) -> None:
        """Something happens to a job, past the hub."""
        self.jobs[job] = replace(self.jobs[job], **changed)

    def kinds(self) -> dict[str, PriorityClass | None]:
        """Each job's class."""
        return {job: status.priority_class for job, status in self.jobs.items()}

    async def pause(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def looks(self, count: int = 1) -> None:
        """So many looks, a tick between two."""

        async def run() -> None:
            for _ in range(count):
                self.now += 1.0
                await self.loop.look(self.spawners)

        asyncio.run(run())

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """The scheduler's answer."""
        self.questions += 1
        return {job: self.jobs[job] for job in ids}

    def set_priority(self, job: JobId, kind: PriorityClass) -> None:
        """The scheduler moves a job."""
        if self.failure:
            self.refusals += 1
            raise self.failure
        self.moves.append((job, kind))
        self.set(job, priority_class=kind)

    def audit(self, event: NodeMovedBack) -> None:
        """The audit log."""
        if self.audit_away:
            raise CcdsError(expected="the log", found="nothing", do="wait")
        self.events.append(event)


@pytest.fixture
def site() -> Site:
    """Ann with two nodes, bob with one; all as it should be."""
    made = Site()
    made.session("ann", "lab", FIRST)
    made.session("ann", "lab-2", SECOND, JobState.PENDING)
    made.session("bob", "lab", FIRST)
    return made


def test_all_nodes_cost_one_question_a_tick_and_nothing_is_changed_without_need(site):
    """And whoever shows them sees them."""
    site.looks(3)

    assert site.questions == 3
    assert site.moves == []
    assert [(node.person, node.session, node.placed) for node in site.nodes.live] == [
        ("ann", "lab", True), ("ann", "lab-2", False), ("bob", "lab", True),
    ]  # fmt: skip


def test_a_further_node_is_promoted_when_the_first_has_ended(site):
    """That is no move by hand: nothing of it stands in the audit log."""
    site.looks()
    site.set(JobId("ann-lab"), state=JobState.SUCCEEDED)

    site.looks(2)

    assert site.kinds()["ann-lab-2"] is FIRST
    assert site.moves == [("ann-lab-2", FIRST)]
    assert site.events == []


def test_a_move_by_hand_is_moved_back_and_written_down(site):
    """By the next look; with the owner's name."""
    site.looks()
    site.set(JobId("ann-lab-2"), priority_class=FIRST)

    site.looks()

    assert site.kinds()["ann-lab-2"] is SECOND
    assert site.events == [NodeMovedBack(person="ann", session="lab-2", was="first", to="second", times=1)]


def test_who_moves_again_and_again_has_one_event_a_minute(site):
    """All moves are taken back and counted."""
    site.looks()
    for _ in range(100):
        site.set(JobId("ann-lab-2"), priority_class=FIRST)
        site.looks()
    site.looks(60)

    assert site.kinds()["ann-lab-2"] is SECOND
    assert [event.times for event in site.events] == [1, 60, 39]


def test_an_event_that_could_not_be_written_is_written_later(site, caplog):
    """With all that came meanwhile; the log says once that it waits."""
    site.audit_away = True
    site.looks()
    for _ in range(3):
        site.set(JobId("ann-lab-2"), priority_class=BATCH)
        site.looks()
    site.audit_away = False

    site.looks()

    assert [(event.was, event.times) for event in site.events] == [("batch", 3)]
    assert sum("isn't in the audit log yet" in record.message for record in caplog.records) == 1


def test_a_job_of_which_nothing_is_known_holds_its_place(site):
    """The scheduler lost sight of the first node: the further one isn't promoted, and is still further when it's back."""
    site.looks()
    site.set(JobId("ann-lab"), state=JobState.UNKNOWN, priority_class=None, submitted=None, node=None)

    site.looks(2)

    assert site.moves == []
    assert site.nodes.live[0].placed


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (SchedulerUnavailableError(expected="an answer", found="none", do="wait"), 1),
        (UnknownJobError(expected="a job", found="none", do="nothing"), 0),
    ],
)
def test_a_change_that_is_not_taken_is_tried_again(site, caplog, failure, said):
    """Said once, however long it lasts; a job that has just ended isn't worth a word."""
    site.looks()
    site.set(JobId("ann-lab-2"), priority_class=FIRST)
    site.failure = failure
    site.looks(3)
    site.failure = None

    site.looks()

    assert site.kinds()["ann-lab-2"] is SECOND
    assert sum("stays first" in record.message for record in caplog.records) == said
    assert [event.times for event in site.events] == [1]


def test_a_change_that_is_refused_is_asked_for_once_a_minute(site, caplog):
    """As where an owner wrote over what marks their job; said once, and at once again for another change of that job."""
    site.looks()
    site.set(JobId("ann-lab-2"), priority_class=FIRST)
    site.failure = JobRefusedError(expected="our comment", found="another", do="nothing")

    site.looks(60)
    within_a_minute = site.refusals
    site.looks(60)
    later = site.refusals
    site.set(JobId("ann-lab-2"), priority_class=BATCH)
    site.looks()

    assert (within_a_minute, later, site.refusals) == (1, 2, 3)
    assert sum("stays first" in record.message for record in caplog.records) == 1


def test_the_loop_outlives_a_look_that_breaks(site, caplog):
    """Whatever it was; the next look puts things right."""
    caplog.set_level(logging.WARNING)
    looked: list[int] = []

    def spawners() -> list[SimpleNamespace]:
        looked.append(1)
        if len(looked) < 4:
            raise RuntimeError("secret words")
        if len(looked) > 5:
            raise asyncio.CancelledError  # as when the hub ends
        return site.spawners

    site.set(JobId("ann-lab-2"), priority_class=FIRST)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(site.loop.run(spawners))

    assert site.kinds()["ann-lab-2"] is SECOND
    assert [record.message for record in caplog.records if "look" in record.message] == [
        "a look at the nodes failed: RuntimeError"
    ]


def test_the_jobs_of_sessions_that_are_gone_are_asked_about_no_more(site):
    """An ended job leaves the watch, also when nobody else polls it."""
    site.looks()
    site.set(JobId("bob-lab"), state=JobState.CANCELLED)
    site.looks()
    del site.spawners[2], site.jobs[JobId("bob-lab")]

    site.looks()

    assert [node.person for node in site.nodes.live] == ["ann", "ann"]
