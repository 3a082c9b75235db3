"""Soak: hundreds of jobs on the local scheduler while its daemon is killed -9 every second.

    python tests/soak/soak_local_scheduler.py [--jobs 500] [--seed 1] [--limit-s 600]

Jobs of all classes come in a random order; about half of the batch work is requeueable and gets preempted, some jobs are
cancelled, every fifth is submitted twice. Each job notes when it begins and ends and on which GPU slots. At the end:
every job ended exactly once as it should have, each ran once more than it was requeued, no GPU slot ever had two jobs,
and no process is left. Exit status 1 with the broken promises otherwise.
"""

# ruff: noqa: T201, S311 - a script that prints, and whose random numbers protect nothing

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from ccds_kernel.batch import JobId, JobSpec, JobState, JobStatus, PriorityClass
from ccds_kernel.batch.local import Capacity, LocalScheduler, lock
from ccds_kernel.batch.local.process import is_alive

SLOTS = ("0", "1", "2", "3")
SCRIPT = """
[ -e "$NOTES.done" ] && exit 0
note() { read -r now rest < /proc/uptime; echo "$1 $now $CUDA_VISIBLE_DEVICES" >> "$NOTES"; }
trap 'kill $! 2>/dev/null; note stop; exit 1' TERM
note begin
sleep "$1" &
wait $!
trap '' TERM
note end
: > "$NOTES.done"
"""
"""A job with a checkpoint: told to end after it was done, it finds that out when it is started again."""


@dataclass
class Soak:
    """One run: its jobs and what was done to them."""

    folder: Path
    draw: random.Random
    state: Path = field(init=False)
    kills: int = 0
    doubles: int = 0
    ids: dict[str, JobId] = field(default_factory=dict)
    cancelled: set[JobId] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.state = self.folder / "state"
        LocalScheduler(self.state, capacity=Capacity(cpus=6, memory_mb=6000, gpus=SLOTS), grace_s=5.0)

    def client(self) -> LocalScheduler:
        """A new client each time: nothing may depend on an object that lives."""
        return LocalScheduler(self.state)

    def spec(self, number: int) -> JobSpec:
        """A random job that sleeps for up to 0.4 s."""
        kind = self.draw.choices(list(PriorityClass), weights=[2, 2, 6, 1])[0]
        seconds = f"{self.draw.uniform(0.0, 0.4):.3f}"
        return JobSpec(
            name=f"job-{number}",
            command=("sh", "-c", SCRIPT, "sh", seconds),
            env={"NOTES": str(self.folder / f"job-{number}.notes")},
            cwd=self.folder,
            log=self.folder / f"job-{number}.log",
            owner=self.draw.choice("abcde"),
            cpus=self.draw.randint(1, 3),
            memory_mb=100,
            gpus=0 if kind is PriorityClass.APP else self.draw.randint(0, 3),
            wall_minutes=10,
            priority_class=kind,
            requeueable=kind is PriorityClass.BATCH and self.draw.random() < 0.7,
        )

    def submit_all(self, count: int) -> None:
        """Submits in bursts; every fifth job twice, some cancelled at once."""
        for number in range(count):
            spec = self.spec(number)
            job = self.ids[spec.name] = self.client().submit(spec)
            if number % 5 == 0:
                self.doubles += 1
                again = self.client().submit(spec)
                if again != job and not self.client().status([job])[job].state.ended:
                    self.broken.append(f"{spec.name} was doubled: {job} and {again}")
            if self.draw.random() < 0.05:
                self.client().cancel(job)
                self.cancelled.add(job)
            self.over.wait(self.draw.uniform(0.0, 0.1))

    def kill_daemons(self) -> None:
        """Kills -9 whatever daemon there is, about once a second."""
        while not self.over.wait(random.uniform(0.3, 1.5)):
            process = lock.holder(self.state)
            if process and is_alive(process):
                os.kill(process.pid, signal.SIGKILL)
                self.kills += 1

    def wait_for_all(self, deadline: float) -> dict[JobId, JobStatus]:
        """Asks until every job has ended or time is up."""
        while True:
            found = dict(self.client().status(self.ids.values()))
            if all(status.state.ended for status in found.values()) or time.monotonic() > deadline:
                return found
            self.over.wait(0.1)

    def check(self, found: dict[JobId, JobStatus]) -> Counter[str]:
        """Notes every broken promise; returns what became of the jobs."""
        intervals: list[tuple[float, float, str, str]] = []
        for name, job in self.ids.items():
            self._check_one(name, found[job], intervals)
        intervals.sort()
        held: dict[str, tuple[float, str]] = {}
        for begin, end, slot, name in intervals:
            until, other = held.get(slot, (0.0, ""))
            if begin < until:
                self.broken.append(f"GPU slot {slot} had {other} and {name} at once")
            held[slot] = max((until, other), (end, name))
        left = [entry for entry in Path("/proc").glob("[0-9]*") if str(self.folder) in _text(entry / "environ")]
        if left:
            self.broken.append(f"{len(left)} processes are left")
        return Counter(status.state.value for status in found.values())

    def _check_one(self, name: str, status: JobStatus, intervals: list[tuple[float, float, str, str]]) -> None:
        lines = [line.split(" ") for line in _text(self.folder / f"{name}.notes").splitlines()]
        words = Counter(line[0] for line in lines)
        wanted = {JobState.SUCCEEDED} | ({JobState.CANCELLED} if status.id in self.cancelled else set())
        if status.state not in wanted:
            self.broken.append(f"{name} is {status.state} ({status.reason})")
        if words["end"] != (status.state is JobState.SUCCEEDED) and status.id not in self.cancelled:
            self.broken.append(f"{name} ended {words['end']} times and is {status.state}")
        if words["begin"] > status.requeues + 1:
            self.broken.append(f"{name} began {words['begin']} times with {status.requeues} requeues")
        for first, last in zip(lines[::2], lines[1::2], strict=False):
            intervals += [(float(first[1]), float(last[1]), slot, name) for slot in first[2].split(",") if slot]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def main() -> int:
    """Runs it; prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit-s", type=float, default=600.0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as place:
        soak = Soak(Path(place), random.Random(options.seed))
        killer = Thread(target=soak.kill_daemons)
        killer.start()
        try:
            soak.submit_all(options.jobs)
            found = soak.wait_for_all(began + options.limit_s)
        finally:
            soak.over.set()
            killer.join()
            soak.client().shutdown(cancel_jobs=True)
        ends = soak.check(found)
    requeues = sum(status.requeues for status in found.values())
    print(f"{len(soak.ids)} jobs in {time.monotonic() - began:.0f} s: {dict(ends)}")
    print(f"{soak.kills} daemons killed -9, {requeues} requeues, {soak.doubles} names submitted twice, ", end="")
    print(f"{len(soak.cancelled)} jobs cancelled; broken promises: {len(soak.broken)}")
    for line in soak.broken:
        print(f"  {line}", file=sys.stderr)
    return 1 if soak.broken else 0


if __name__ == "__main__":
    sys.exit(main())
