"""Which jobs start, and which make room: the local scheduler's decision, as a pure function of what is known.

The rules, in the order in which they bind:

1. Nothing is over-committed: cores, memory and GPU slots each have one owner. App sessions take none of them, only one
   of `Capacity.apps` places, so that they start in seconds whatever the nodes do.
2. First nodes before further nodes before batch work. Among first nodes the person with fewest running nodes comes
   first, then who asked first; in the other classes who asked first.
3. An interactive job that doesn't fit gets its room from preemptible batch work, when that suffices: the run that began
   last goes first (least work lost), and none goes that need not. A preempted job keeps its place in the queue.
4. A job that still doesn't fit keeps what is free from all that come after it, so that large requests are not starved by a
   stream of small ones. One exception: preemptible batch work, which gives it back at once, may use what an interactive
   job keeps, unless that job's room is just being made. Rejected: backfill by wall time, because sessions get extended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobId
from ccds_kernel.errors import CcdsError

_RANK = {PriorityClass.APP: 0, PriorityClass.FIRST: 1, PriorityClass.SECOND: 2, PriorityClass.BATCH: 3}


@dataclass(frozen=True)
class Room:
    """An amount of what jobs compete for: cores, MiB, GPUs, places for app sessions."""

    cpus: int = 0
    memory_mb: int = 0
    gpus: int = 0
    apps: int = 0

    def __add__(self, other: Room) -> Room:
        return Room(
            self.cpus + other.cpus, self.memory_mb + other.memory_mb, self.gpus + other.gpus, self.apps + other.apps
        )

    def __sub__(self, other: Room) -> Room:
        return Room(
            self.cpus - other.cpus, self.memory_mb - other.memory_mb, self.gpus - other.gpus, self.apps - other.apps
        )

    def holds(self, other: Room) -> bool:
        """Whether `other` fits in this, each amount for itself; what is not asked for may even be overdrawn."""
        return (
            (not other.cpus or other.cpus <= self.cpus)
            and (not other.memory_mb or other.memory_mb <= self.memory_mb)
            and (not other.gpus or other.gpus <= self.gpus)
            and (not other.apps or other.apps <= self.apps)
        )


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What this machine offers to jobs, as the site declares it.

    Args:
        cpus: cores, at least 1. Declared, not enforced on the jobs.
        memory_mb: MiB, at least 1. Likewise.
        gpus: the names of the GPU slots, as CUDA_VISIBLE_DEVICES wants them, all different; or pretend ones.
        gpu_model: what the site calls these GPUs.
        apps: how many app sessions may run at once.

    Raises:
        CcdsError: a value outside what is said above.
    """

    cpus: int
    memory_mb: int
    gpus: tuple[str, ...] = ()
    gpu_model: str | None = None
    apps: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "gpus", tuple(self.gpus))
        counts_right = min(self.cpus, self.memory_mb) >= 1 and self.apps >= 0
        if not counts_right or len(set(self.gpus)) < len(self.gpus) or not all(map(_is_slot, self.gpus)):
            raise CcdsError(
                expected="a capacity of at least 1 core and 1 MiB, and GPU slots with different names without commas",
                found=f"{self.cpus} cores, {self.memory_mb} MiB, {self.apps} apps, GPU slots {list(self.gpus)!r}",
                do="correct what the site declares",
            )

    @property
    def room(self) -> Room:
        """All of it."""
        return Room(self.cpus, self.memory_mb, len(self.gpus), self.apps)


def _is_slot(name: str) -> bool:
    return bool(name) and name.isprintable() and not set(name) & set(", ")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What the decision needs to know of one job that has not ended.

    Attributes:
        id: the job.
        order: the number of its submission.
        owner: the person for whom it runs.
        priority_class: its present class.
        asks: what it needs; `need_of` computes it.
        preemptible: batch work that may be requeued.
        running: holds its room (also while it is being stopped).
        stopping: runs, but was told to end: its room will be free soon.
        gpus: the slots that it holds.
        started: UTC seconds since 1970, when running.
        wall_s: its wall time in seconds.
    """

    id: JobId
    order: int
    owner: str
    priority_class: PriorityClass
    asks: Room
    preemptible: bool = False
    running: bool = False
    stopping: bool = False
    gpus: tuple[str, ...] = ()
    started: float = 0.0
    wall_s: float = 3600.0


@dataclass(frozen=True)
class Start:
    """A job that starts now, on these GPU slots."""

    id: JobId
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decisions:
    """What happens now: `start` at once; `preempt` makes room, which is free when those have ended."""

    start: tuple[Start, ...] = ()
    preempt: tuple[JobId, ...] = ()


def need_of(spec: JobSpec) -> Room:
    """What a job takes from the machine: an app session one place, every other job what it asks for."""
    return need(spec.priority_class, cpus=spec.cpus, memory_mb=spec.memory_mb, gpus=spec.gpus)


def need(priority_class: PriorityClass, *, cpus: int, memory_mb: int, gpus: int) -> Room:
    """As `need_of`, for a job whose class may have changed since it was submitted."""
    if priority_class is PriorityClass.APP:
        return Room(apps=1)
    return Room(cpus, memory_mb, gpus)


def free_room(jobs: Iterable[Job], capacity: Capacity) -> Room:
    """What no job holds; below zero where a capacity was lowered under running jobs."""
    return sum((Room() - job.asks for job in jobs if job.running), capacity.room)


def waiting_in_order(jobs: Iterable[Job]) -> list[Job]:
    """The jobs that wait, next first (rule 2)."""
    jobs = list(jobs)
    nodes = Counter(job.owner for job in jobs if job.running and _is_interactive(job))

    def place(job: Job) -> tuple[int, int, int]:
        first = job.priority_class is PriorityClass.FIRST
        return (_RANK[job.priority_class], nodes[job.owner] if first else 0, job.order)

    return sorted((job for job in jobs if not job.running), key=place)


def plan(jobs: Sequence[Job], capacity: Capacity) -> Decisions:
    """The decision for this moment.

    Args:
        jobs: every job that has not ended, running or waiting.
        capacity: what the machine offers.

    Returns:
        What starts and what is preempted. Carrying it out and asking again without any change decides nothing new.
    """
    starts: tuple[Start, ...] = ()
    while True:
        ledger, again = _round(jobs, capacity)
        starts += tuple(ledger.starts)
        if not again:
            return Decisions(starts, tuple(job.id for job in ledger.victims))
        jobs = after(jobs, Decisions(tuple(ledger.starts)), now=0.0)


def _round(jobs: Sequence[Job], capacity: Capacity) -> tuple[_Ledger, bool]:
    """One pass over the queue, up to the first node that starts: then its owner has one more, and the order is another."""
    ledger = _Ledger(jobs, capacity)
    for job in waiting_in_order(jobs):
        if ledger.place(job) and job.priority_class is PriorityClass.FIRST:
            return ledger, True
    return ledger, False


@dataclass
class _Ledger:
    """The room while one decision is made: what is free, what is kept, what will be free."""

    jobs: Sequence[Job]
    capacity: Capacity
    starts: list[Start] = field(default_factory=list)
    victims: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = free_room(self.jobs, self.capacity)
        self.coming = sum((job.asks for job in self.jobs if job.stopping), Room())
        self.promised = Room()  # to interactive jobs, and free as soon as the preempted have ended
        self.kept_interactive = Room()
        self.kept_batch = Room()
        self.slots = sorted(set(self.capacity.gpus) - {slot for job in self.jobs for slot in job.gpus}, key=self._index)
        self.yielding = sorted(
            (job for job in self.jobs if job.running and job.preemptible and not job.stopping),
            key=lambda job: (job.started, job.order),
        )

    def _index(self, slot: str) -> int:
        return self.capacity.gpus.index(slot)

    def place(self, job: Job) -> bool:
        """Starts the job, or makes or keeps room for it; whether it starts."""
        if not self.capacity.room.holds(job.asks):
            return False  # the capacity was lowered since: it must not block the others
        if (self.free - self._kept_from(job)).holds(job.asks):
            taken, self.slots = self.slots[: job.asks.gpus], self.slots[job.asks.gpus :]
            self.starts.append(Start(job.id, tuple(taken)))
            self.free -= job.asks
            return True
        if not _is_interactive(job):
            self.kept_batch += job.asks
        elif self._preempt_for(job):
            self.promised += job.asks
        else:
            self.kept_interactive += job.asks
        return False

    def _kept_from(self, job: Job) -> Room:
        if _is_interactive(job):
            return self.promised + self.kept_interactive
        kept = self.promised + self.kept_batch
        return kept if job.preemptible else kept + self.kept_interactive

    def _preempt_for(self, job: Job) -> bool:
        """Whether there will be room for the job once the preempted have ended; picks them."""
        sooner = self.free + self.coming - self._kept_from(job)
        if not _total(self.yielding, sooner).holds(job.asks):
            return False
        chosen: list[Job] = []
        for victim in reversed(self.yielding):
            if _total(chosen, sooner).holds(job.asks):
                break
            chosen.append(victim)
        for victim in list(chosen):
            without = [other for other in chosen if other is not victim]
            if _total(without, sooner).holds(job.asks):
                chosen = without
        self.victims += chosen
        self.yielding = [other for other in self.yielding if other not in chosen]
        self.coming = _total(chosen, self.coming)
        return True


def after(jobs: Iterable[Job], decisions: Decisions, now: float) -> list[Job]:
    """The jobs once `decisions` are carried out: started ones run since `now`, preempted ones are stopping."""
    starts = {start.id: start for start in decisions.start}
    result = []
    for job in jobs:
        if job.id in starts:
            result.append(replace(job, running=True, gpus=starts[job.id].gpus, started=now))
        elif job.id in decisions.preempt:
            result.append(replace(job, stopping=True))
        else:
            result.append(job)
    return result


def _is_interactive(job: Job) -> bool:
    return job.priority_class in {PriorityClass.FIRST, PriorityClass.SECOND}


def _total(jobs: Iterable[Job], start: Room) -> Room:
    return sum((job.asks for job in jobs), start)
