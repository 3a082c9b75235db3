"""The first-node rule beside plain FIFO, plain fair share and static allocation: a working month of made-up people (simpy).

    python benchmarks/policy.py [--seed 2026] [--plot docs/screenshots/policy.png]

100 scientists, 50 nodes of four GPUs, four weeks from a Monday. The same seeded requests meet each policy; discrete events.

*The people.* On a working day 85 of 100 are there. Each asks for a first node at 9:00 (normal, 45 minutes), with 1, 2 or 4
GPUs (50, 30, 20 of 100), and keeps it for 6 h (median; log-normal, sigma 0.5, at most 12 h), from when it starts. 30 of 100 ask
again in the afternoon, for 3 h. 45 of 100 ask, 1 to 6 h after the first, for a further node (1, 2 or 4 GPUs: 30, 30, 40) and keep
it for 10 h (sigma 0.7, at most 48 h); 15 of 100 for one more. Each fourth submits a search of 8 trials, 1 GPU for 4 h each (sigma
0.6), at any hour of the working day. Nobody gives up waiting, and nobody asks for less because the queue is long: both would
flatter the worse policies.

*The policies.* All but the static one share one pool of 200 GPUs and decide by `ccds_kernel.batch.local.dispatch.plan`, the
local scheduler's own function, with classes and orders of their own:

- first-node rule: classes by `ccds_kernel.batch.policy` (`priority_for`, `reconcile` at each change); batch yields, and repeats
  what it did since its last checkpoint (every half hour).
- fair share, batch yields: no first-node rule; among nodes who used least lately (half-life of a week) comes first. It shows what
  the rule itself adds.
- plain fair share: likewise, but batch work stands in the same queue and yields to nobody.
- plain FIFO: one queue, by the time of asking.
- static: two GPUs for each person, always and only theirs; who wants four has two, for as long.

The pool has no nodes' borders: four GPUs are found wherever they are free. Real waits for four are longer, under each policy.

*What is measured.* The wait of first nodes (asked for by somebody who had none) and of further ones; the share of GPU time,
in working hours (Monday to Friday, 8 to 18) and in all, that no job had. What holders do with their GPUs isn't modelled.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import simpy

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.batch.local.dispatch import Capacity, Job, Room, plan
from ccds_kernel.batch.policy import NodeSession, priority_for, reconcile

FIRST, SECOND, BATCH = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH
PEOPLE, NODES, GPUS_PER_NODE, DAYS = 100, 50, 4, 28
OWN_GPUS = NODES * GPUS_PER_NODE // PEOPLE
DAY_H, OPENS_H, CLOSES_H, WORKING_DAYS = 24.0, 8.0, 18.0, 5
SEARCHING, PRESENT, AGAIN, FURTHER = 0.25, 0.85, 0.30, (0.45, 0.15)
"""Of people on a working day: who submits a search, who is there; of these who asks again, and for a further node."""
LONG_MINUTES = 600
"""From here on a wait is told in hours."""
CHECKPOINT_H, HALF_LIFE_H = 0.5, 7 * DAY_H
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
PLOT = Path(__file__).resolve().parents[1] / "docs" / "screenshots" / "policy.png"


@dataclass(frozen=True)
class Request:
    """One wish: `at` and `hours` in hours since the month's begin."""

    number: int
    at: float
    person: str
    gpus: int
    hours: float
    batch: bool = False


def month(seed: int) -> list[Request]:
    """Everybody's requests of a month, in order."""
    chance = random.Random(seed)  # noqa: S311 - made-up people, nothing secret
    wishes: list[tuple[float, str, int, float, bool]] = []
    for day, person in itertools.product(range(DAYS), range(PEOPLE)):
        name = f"p{person:02}"
        if day % 7 >= WORKING_DAYS:
            continue
        midnight = day * DAY_H
        if chance.random() < SEARCHING:
            at = midnight + chance.uniform(OPENS_H, CLOSES_H)
            wishes += [(at, name, 1, _hours(chance, 4, 0.6, 24), True) for _ in range(8)]
        if chance.random() >= PRESENT:
            continue
        morning = midnight + chance.gauss(9, 0.75)
        wishes.append((morning, name, _pick(chance, 50, 30, 20), _hours(chance, 6, 0.5, 12), False))
        if chance.random() < AGAIN:
            at = midnight + chance.uniform(13, 16)
            wishes.append((at, name, _pick(chance, 50, 30, 20), _hours(chance, 3, 0.5, 8), False))
        for share in FURTHER:
            if chance.random() < share:
                at = morning + chance.uniform(1, 6)
                wishes.append((at, name, _pick(chance, 30, 30, 40), _hours(chance, 10, 0.7, 48), False))
    return [Request(number, *wish) for number, wish in enumerate(sorted(wishes))]


def _pick(chance: random.Random, *weights: int) -> int:
    return chance.choices((1, 2, 4), weights)[0]


def _hours(chance: random.Random, median: float, sigma: float, most: float) -> float:
    return min(most, chance.lognormvariate(math.log(median), sigma))


@dataclass
class Live:
    """A request that waits or runs."""

    request: Request
    kind: PriorityClass
    first: bool
    left_h: float
    started: float | None = None
    gpus: tuple[str, ...] = ()
    ever: bool = False

    @property
    def session(self) -> NodeSession:
        """As the policy sees it."""
        return NodeSession(
            person=self.request.person,
            session=f"{self.request.number:06}",
            asked=MONDAY + timedelta(hours=self.request.at),
            job=JobId(str(self.request.number)),
            placed=self.started is not None,
            priority_class=self.kind,
            gpus=len(self.gpus),
        )


@dataclass
class Outcome:
    """What came of a month."""

    first_waits: list[float] = field(default_factory=list)
    further_waits: list[float] = field(default_factory=list)
    batch_ends: list[float] = field(default_factory=list)
    busy_h: float = 0.0
    busy_working_h: float = 0.0
    repeated_h: float = 0.0
    cut: int = 0


Order = Callable[["Pool", Live], tuple[PriorityClass, float]]
"""The class and the place in the queue by which `plan` decides."""


class Pool:
    """GPUs that are handed out by one policy.

    Args:
        env: simpy's clock, in hours.
        gpus: how many.
        order: the policy.
        outcome: where it is written down.
        rule: whether classes are kept by the first-node rule.
        preemptible: whether batch work yields.
    """

    def __init__(
        self, env: simpy.Environment, gpus: int, order: Order, outcome: Outcome, *, rule: bool, preemptible: bool
    ) -> None:
        self.env = env
        self.capacity = Capacity(cpus=10**6, memory_mb=10**6, gpus=tuple(str(slot) for slot in range(gpus)))
        self.order = order
        self.outcome = outcome
        self.rule = rule
        self.preemptible = preemptible
        self.live: dict[JobId, Live] = {}
        self.used: dict[str, tuple[float, float]] = {}
        self.changed = env.event()
        env.process(self._decide())

    def ask(self, request: Request) -> None:
        """Somebody asks."""
        gpus = min(request.gpus, len(self.capacity.gpus))
        self.outcome.cut += gpus < request.gpus
        nodes = [one.session for one in self.live.values() if not one.request.batch]
        kind = BATCH if request.batch else priority_for(request.person, nodes)
        request = Request(request.number, request.at, request.person, gpus, request.hours, request.batch)
        self.live[JobId(str(request.number))] = Live(request, kind, kind is FIRST, request.hours)
        self._wake()

    def usage(self, person: str) -> float:
        """GPU hours that a person used lately, each week's half as much as the next one's."""
        used, at = self.used.get(person, (0.0, 0.0))
        return used * 0.5 ** ((self.env.now - at) / HALF_LIFE_H)

    def _wake(self) -> None:
        if not self.changed.triggered:
            self.changed.succeed()

    def _decide(self) -> Iterator[simpy.Event]:
        """After everything that happens at one moment, and what follows from it, one decision."""
        while True:
            yield self.changed
            self.changed = self.env.event()
            if self.rule:
                for change in reconcile([one.session for one in self.live.values() if not one.request.batch]):
                    self.live[change.job].kind = change.to
            if all(one.started is not None for one in self.live.values()):
                continue
            decisions = plan([self._job(job, one) for job, one in self.live.items()], self.capacity)
            for start in decisions.start:
                self._start(start.id, start.gpus)
            for job in decisions.preempt:
                self._stop(self.live[job])
            if decisions.preempt:
                self._wake()

    def _job(self, job: JobId, one: Live) -> Job:
        kind, place = self.order(self, one)
        return Job(
            id=job,
            order=place,  # type: ignore[arg-type] # a place in the queue, which may lie between two others
            owner=one.request.person,
            priority_class=kind,
            asks=Room(gpus=one.request.gpus),
            preemptible=self.preemptible and one.request.batch,
            running=one.started is not None,
            gpus=one.gpus,
            started=one.started or 0.0,
        )

    def _start(self, job: JobId, gpus: tuple[str, ...]) -> None:
        one = self.live[job]
        one.started, one.gpus = self.env.now, gpus
        if not one.ever and not one.request.batch:
            waits = self.outcome.first_waits if one.first else self.outcome.further_waits
            waits.append(self.env.now - one.request.at)
        one.ever = True
        self.env.process(self._run(job, one, self.env.now))

    def _run(self, job: JobId, one: Live, begun: float) -> Iterator[simpy.Event]:
        yield self.env.timeout(one.left_h)
        if one.started != begun or self.live.get(job) is not one:
            return  # it was preempted meanwhile
        self._account(one)
        del self.live[job]
        if one.request.batch:
            self.outcome.batch_ends.append(self.env.now - one.request.at)
        self._wake()

    def _stop(self, one: Live) -> None:
        """Batch work yields: what it did since its last checkpoint is to be done again."""
        assert one.started is not None  # noqa: S101 - only what runs is preempted
        ran = self.env.now - one.started
        kept = CHECKPOINT_H * (ran // CHECKPOINT_H)
        self.outcome.repeated_h += (ran - kept) * len(one.gpus)
        self._account(one)
        one.left_h, one.started, one.gpus = one.left_h - kept, None, ()

    def _account(self, one: Live) -> None:
        assert one.started is not None  # noqa: S101 - likewise
        end = self.env.now
        gpu_h = (end - one.started) * len(one.gpus)
        self.used[one.request.person] = (self.usage(one.request.person) + gpu_h, end)
        last = DAYS * DAY_H
        self.outcome.busy_h += max(0.0, min(end, last) - one.started) * len(one.gpus)
        self.outcome.busy_working_h += _working_hours(one.started, end) * len(one.gpus)


def _working_hours(begin: float, end: float) -> float:
    """Hours between two times of the month that are working hours."""
    total = 0.0
    for day in range(int(begin // DAY_H), min(DAYS, int(end // DAY_H) + 1)):
        if day % 7 < WORKING_DAYS:
            opens, closes = day * DAY_H + OPENS_H, day * DAY_H + CLOSES_H
            total += max(0.0, min(end, closes) - max(begin, opens))
    return total


def _by_rule(_pool: Pool, one: Live) -> tuple[PriorityClass, float]:
    return one.kind, one.request.number


def _by_share(pool: Pool, one: Live) -> tuple[PriorityClass, float]:
    return (BATCH if one.request.batch else SECOND), pool.usage(one.request.person)


def _by_share_in_one_queue(pool: Pool, one: Live) -> tuple[PriorityClass, float]:
    return SECOND, pool.usage(one.request.person)


def _by_time(_pool: Pool, one: Live) -> tuple[PriorityClass, float]:
    return SECOND, one.request.number


POLICIES: dict[str, tuple[Order, bool, bool, bool]] = {
    "first-node rule": (_by_rule, True, True, False),
    "fair share, batch yields": (_by_share, False, True, False),
    "plain fair share": (_by_share_in_one_queue, False, False, False),
    "plain FIFO": (_by_time, False, False, False),
    "static, 2 GPUs each": (_by_rule, True, True, True),
}
"""Name → the order, whether the rule keeps classes, whether batch yields, whether each person has GPUs of their own."""


def play(requests: list[Request], order: Order, *, rule: bool, preemptible: bool, static: bool) -> Outcome:
    """One policy's month, played until everything that was asked for has ended."""
    env, outcome = simpy.Environment(), Outcome()
    owners = sorted({one.person for one in requests}) if static else [""]
    gpus = OWN_GPUS if static else NODES * GPUS_PER_NODE
    pools = {owner: Pool(env, gpus, order, outcome, rule=rule, preemptible=preemptible) for owner in owners}

    def arrive() -> Iterator[simpy.Event]:
        for request in requests:
            yield env.timeout(request.at - env.now)
            pools[request.person if static else ""].ask(request)

    env.process(arrive())
    env.run()
    return outcome


def _in_minutes(waits: list[float], percent: float) -> str:
    minutes = 60 * float(np.percentile(waits, percent))
    return f"{minutes:.0f} min" if minutes < LONG_MINUTES else f"{minutes / 60:.1f} h"


def _row(name: str, outcome: Outcome) -> list[str]:
    gpus = NODES * GPUS_PER_NODE
    idle = 1 - outcome.busy_h / (gpus * DAYS * DAY_H)
    working = DAYS / 7 * WORKING_DAYS * (CLOSES_H - OPENS_H)
    idle_working = 1 - outcome.busy_working_h / (gpus * working)
    return [
        name,
        _in_minutes(outcome.first_waits, 50),
        _in_minutes(outcome.first_waits, 95),
        f"{100 * np.mean(np.array(outcome.first_waits) > 5 / 60):.1f} %",
        _in_minutes(outcome.further_waits, 50),
        _in_minutes(outcome.further_waits, 95),
        f"{np.percentile(outcome.batch_ends, 50):.1f} h",
        f"{100 * idle_working:.0f} %",
        f"{100 * idle:.0f} %",
        f"{100 * outcome.repeated_h / outcome.busy_h:.1f} %",
        str(outcome.cut),
    ]


_HEAD = [
    "policy", "first p50", "first p95", "first > 5 min", "further p50", "further p95", "trial done p50",
    "GPUs idle, working h", "GPUs idle, all h", "GPU time repeated", "served with fewer GPUs",
]  # fmt: skip


def _print_table(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def draw(outcomes: dict[str, Outcome], path: Path) -> None:
    """The share of nodes that waited longer than a time, first nodes beside further ones."""
    import matplotlib as mpl  # noqa: PLC0415 - the table needs none

    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after its backend is chosen

    figure, panels = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
    styles = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
    for panel, title, waits_of in (
        (panels[0], "a person’s first node", lambda one: one.first_waits),
        (panels[1], "each further node", lambda one: one.further_waits),
    ):
        for (name, outcome), style in zip(outcomes.items(), styles, strict=True):
            minutes = np.sort(60 * np.array(waits_of(outcome)))
            share = 100 * (1 - np.arange(len(minutes)) / len(minutes))
            panel.step(np.maximum(minutes, 0.5), share, where="post", linestyle=style, label=name)
        panel.set(title=title, xscale="log", xlim=(1, 7 * 24 * 60), ylim=(0, 60), xlabel="waited longer than")
        panel.set_xticks([1, 10, 60, 600, 24 * 60, 7 * 24 * 60], ["1 min", "10 min", "1 h", "10 h", "1 d", "7 d"])
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("% of nodes")
    panels[1].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> int:
    """Plays the month under each policy; prints the table, draws the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=2026, help="of the made-up month")
    parser.add_argument("--plot", type=Path, default=PLOT, help="where the plot is written")
    options = parser.parse_args()
    requests = month(options.seed)
    nodes = [one for one in requests if not one.batch]
    asked = sum(one.gpus * one.hours for one in requests)
    print(
        f"{PEOPLE} scientists, {NODES} nodes of {GPUS_PER_NODE} GPUs, {DAYS} days, seed {options.seed}: {len(nodes)} nodes and "
        f"{len(requests) - len(nodes)} trials asked for, {asked / (NODES * GPUS_PER_NODE * DAYS * DAY_H):.0%} of all GPU hours "
        f"(simpy {version('simpy')})"
    )
    outcomes, rows = {}, [_HEAD]
    for name, (order, rule, preemptible, static) in POLICIES.items():
        begin = time.perf_counter()
        outcomes[name] = play(requests, order, rule=rule, preemptible=preemptible, static=static)
        rows.append(_row(name, outcomes[name]))
        first, further = len(outcomes[name].first_waits), len(outcomes[name].further_waits)
        took = time.perf_counter() - begin
        print(f"{name}: {first} first and {further} further nodes; {took:.0f} s of computing", flush=True)
    _print_table(rows)
    draw(outcomes, options.plot)
    print(f"plot: {options.plot}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
