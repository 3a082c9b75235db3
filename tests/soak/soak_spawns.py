"""Soak: sessions on a real Slurm, hundreds one after another and thirty at once, while the hub and Slurm are killed -9.

    python tests/soak/soak_spawns.py [--spawns 200] [--at-once 30] [--seed 1] [--limit-s 1500]

Four people start labs, and one an app session, each one after another. Some of the labs ask for GPUs that nobody gives back:
they wait, and are called off at a random moment. Every minute or so the hub, slurmctld or both are killed and started
again. Then thirty labs start at once, undisturbed, and a second time while the hub is killed. At the end: the session that was
up before it all is up, on the same server; no process and no job is left; and every job that Slurm has ever shown or written
down for a session is in the sessions' records exactly once, with its end. Exit status 1 with the broken promises otherwise.
"""

# ruff: noqa: T201, S311 - a script that prints, and whose random numbers protect nothing

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ccds_kernel.batch.scheduler import SchedulerUnavailableError
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.cluster.records import Records
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.password_file import password_file, write_passwords
from support.demo import APP, LAB, PROJECT, Demo
from support.site import application, on_roster
from support.slurm import Host, running_slurm
from support.slurm_hub import SlurmHub, hub_on_slurm
from support.soak import processes_left, server_of, tell, unhandled_errors

PEOPLE = tuple(f"person{number}" for number in range(10))
"""Scientists of the project."""
ROWS = (("sam", LAB), ("sam", f"{LAB}-2"), ("tom", LAB), ("person0", LAB), ("fay", APP))
WITNESS = ("person1", f"{LAB}-9")
NODES = (
    Host("gpu1", cpus=64, memory_mb=256_000, gpus=2),
    Host("gpu2", cpus=64, memory_mb=256_000, gpus=2),
    Host("cpu1", cpus=64, memory_mb=256_000),
)
PATIENCE_S = 240.0
POLL_S = 0.25


@dataclass
class Soak:
    """One run: what was done, and which promises were broken."""

    slurm: SlurmHub
    hub: Demo
    draw: random.Random
    wanted: int
    deadline: float
    completed: Path
    lock: Lock = field(default_factory=Lock)
    over: Event = field(default_factory=Event)
    done: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    calm_s: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def row(self, person: str, session: str) -> None:
        """Starts and ends one session again and again until enough were started."""
        client = self.hub.login(person)
        while self._one_more():
            waits = session != APP and self.draw.random() < 0.4
            kills, began = self.done["kills"], time.monotonic()
            if waits:
                self._ask(client, person, session, gpus=2)
                self.over.wait(self.draw.uniform(0, 3))
            elif self._is_brought_up(client, person, session):
                self.done["up"] += 1
                if kills == self.done["kills"]:
                    self.calm_s.append(time.monotonic() - began)
            self.end(client, person, session)
            self.done["called off while they waited"] += waits

    def _one_more(self) -> bool:
        with self.lock:
            if self.done["spawns"] >= self.wanted or time.monotonic() > self.deadline:
                return False
            self.done["spawns"] += 1
            return True

    def _is_brought_up(self, client: requests.Session, person: str, session: str) -> bool:
        """Asks until the session is up: whoever is told to come later, since Slurm is away, does."""

        def up() -> bool:
            state = self._state(client, person, session)
            if state is not None and not state.get("ready") and not state.get("pending"):
                self._ask(client, person, session)
            return bool(state and state.get("ready"))

        return self._in_time(up, f"{person}'s {session} to be up")

    def _ask(self, client: requests.Session, person: str, session: str, gpus: int = 0) -> None:
        options = {} if session == APP else {"gpus": gpus, "hours": 1}
        with suppress(requests.RequestException):
            client.post(self.hub.api(person, session), json={"user_options": options}, timeout=60)

    def _state(self, client: requests.Session, person: str, session: str) -> dict[str, object] | None:
        """What the hub says of a session; None where it doesn't answer."""
        with suppress(requests.RequestException, ValueError):
            answer = client.get(self.hub.api(person, session), timeout=20)
            if answer.status_code == requests.codes.ok:
                return answer.json()
            if answer.status_code == requests.codes.not_found:
                return {}
        return None

    def end(self, client: requests.Session, person: str, session: str) -> None:
        """Ends a session, until the hub says that it is gone and Slurm has no job of it: a killed hub may take that up first."""

        def gone() -> bool:
            with suppress(requests.RequestException):
                client.delete(self.hub.api(person, session), json={}, timeout=60)
            state = self._state(client, person, session)
            if state is None or state.get("ready") or state.get("pending"):
                return False
            with suppress(SchedulerUnavailableError):
                return self.slurm.job(person, session) is None
            return False

        self._in_time(gone, f"{person}'s {session} to be gone")

    def _in_time(self, condition: Callable[[], bool], what: str) -> bool:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                self.broken.append(f"waited {PATIENCE_S:.0f} s in vain for {what}")
                return False
            self.over.wait(POLL_S)
        return True

    def kill(self, rows: Sequence[Thread]) -> None:
        """Kills hub, slurmctld, or both, every now and then until the rows are done; slurmctld ends with this thread."""
        turns = 0
        while any(row.is_alive() for row in rows):
            self.over.wait(self.draw.uniform(20, 60))
            which = ("hub", "slurmctld", "both")[turns % 3]
            turns += 1
            self.done["kills"] += 1  # before it happens: who finds this number unchanged was not disturbed
            if which != "hub":
                self.slurm.cluster.kill_controller()
                self.done["slurmctld killed"] += 1
            if which != "slurmctld":
                self.slurm.site.kill()
                self.done["hubs killed"] += 1
            self.over.wait(self.draw.uniform(0, 4))
            if which != "slurmctld":
                self.slurm.site.start()
            if which != "hub":
                self.slurm.cluster.start_controller()

    def watch(self) -> None:
        """Notes each job of a session that Slurm shows, and says how far it all is."""
        said = 0.0
        while not self.over.wait(1):
            with suppress(AssertionError, subprocess.SubprocessError):
                lines = self.slurm.cluster.run("squeue", "--noheader", "--states=all", "--format=%A %j").splitlines()
                self.seen |= {line.split()[0] for line in lines if " session-" in line}
            if time.monotonic() - said > 20:
                said = time.monotonic()
                print(f"  {self.deadline - said:.0f} s left: {dict(self.done)}, {len(self.broken)} broken", flush=True)

    def burst(self, count: int, *, killed: bool) -> list[float]:
        """Starts `count` labs at once and ends them at once; seconds until each was up. `killed`: the hub, meanwhile."""
        labs = [(person, f"{LAB}-{number}") for number in range(2, 10) for person in PEOPLE][:count]
        took: list[float] = []
        began = time.monotonic()

        def one(client: requests.Session, person: str, session: str) -> None:
            if self._is_brought_up(client, person, session):
                took.append(time.monotonic() - began)

        clients = {person: self.hub.login(person) for person in PEOPLE}
        began = time.monotonic()
        starts = [Thread(target=one, args=(clients[person], person, session)) for person, session in labs]
        for thread in starts:
            thread.start()
        if killed:
            self._in_time(lambda: len(took) >= count // 3, "a third of the burst to be up")
            self.slurm.site.kill()
            self.slurm.site.start()
            self.done["hubs killed"] += 1
        for thread in starts:
            thread.join()
        self.done["spawns"] += count
        self.done["up"] += len(took)
        ends = [Thread(target=self.end, args=(clients[person], person, session)) for person, session in labs]
        for thread in ends:
            thread.start()
        for thread in ends:
            thread.join()
        return took

    def witness(self) -> list[int]:
        """The server of the session that is up all the while."""
        return server_of(self.hub.folder, WITNESS[1])

    def check(self) -> None:
        """Nothing may be left when everybody has stopped, and every job must be accounted for."""
        self.broken += [f"job {job.name} is left" for job in self.slurm.scheduler.mine() if job.owner != "somebody"]
        self.broken += processes_left(self.hub.folder)
        records = Records(self.slurm.site.settings.paths.state).all(datetime.fromtimestamp(0, UTC))
        recorded = Counter(str(record.job) for record in records)
        lines = self.completed.read_text(encoding="utf-8").splitlines()
        written = {line.split()[0].partition("=")[2] for line in lines if " Name=session-" in line}
        known = self.seen | written
        self.broken += [f"job {job} was Slurm's and is not recorded" for job in sorted(known - recorded.keys())]
        self.broken += [f"job {job} is recorded and was never Slurm's" for job in sorted(recorded.keys() - known)]
        self.broken += [f"job {job} is recorded {count} times" for job, count in recorded.items() if count > 1]
        ends = {HowEnded.STOPPED, HowEnded.CANCELLED}
        self.broken += [
            f"job {record.job} ended: {record.how} {record.said}" for record in records if record.how not in ends
        ]
        print(f"jobs that Slurm has shown {len(self.seen)}, written down at their end {len(written)}, ", end="")
        print(f"recorded {len(recorded)}: {dict(Counter(str(record.how) for record in records))}")


def run(slurm: SlurmHub, options: argparse.Namespace, completed: Path, deadline: float) -> Soak:
    """The whole of it, on a site whose hub isn't started yet."""
    roles = {"sam": "scientist", "tom": "scientist", "fay": "fellow"} | dict.fromkeys(PEOPLE, "scientist")
    settings = slurm.site.settings
    (administrator,) = settings.hub.administrators
    slurm.site.passwords = dict.fromkeys([*roles, administrator], "right")
    write_passwords(password_file(settings), slurm.site.passwords)
    amended = application(id=PROJECT, roster=on_roster(**roles))
    apply_application(amended, person=administrator, settings=settings)
    hub = slurm.site.start()
    soak = Soak(slurm, hub, random.Random(options.seed), options.spawns, deadline, completed)
    for number in range(2):
        slurm.work(f"elsewhere-{number}", gpus=2, priority_class=PriorityClass.FIRST)
    client = hub.login(WITNESS[0])
    hub.start(client, *WITNESS, {"gpus": 0, "hours": 9})
    before = soak.witness()
    watcher = Thread(target=soak.watch, daemon=True)
    rows = [Thread(target=soak.row, args=row, daemon=True) for row in ROWS]
    for thread in (watcher, *rows):
        thread.start()
    soak.kill(rows)
    for thread in rows:
        thread.join()
    for killed in (False, True):
        took = soak.burst(options.at_once, killed=killed)
        if took:
            print(
                f"{options.at_once} at once{', the hub killed meanwhile' if killed else ''}: {len(took)} up, ", end=""
            )
            print(
                f"the first after {min(took):.0f} s, half after {statistics.median(took):.0f}, all after {max(took):.0f}"
            )
    if soak.witness() != before:
        soak.broken.append("the session that was up all the while isn't on the same server")
    soak.end(client, *WITNESS)
    soak.over.wait(2)  # the watcher looks once more
    soak.over.set()
    watcher.join()
    soak.check()
    return soak


def main() -> int:
    """Runs it; prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spawns", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit-s", type=float, default=1500.0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as place:
        completed = Path(place) / "completed"
        lines = ["JobCompType=jobcomp/filetxt", f"JobCompLoc={completed}"]
        with running_slurm(*NODES, lines=lines) as cluster, hub_on_slurm(cluster, Path(place) / "site") as slurm:
            try:
                soak = run(slurm, options, completed, began + options.limit_s)
            finally:
                log = (slurm.site.folder / "hub.log").read_text(errors="replace")
                if sys.exc_info()[0]:
                    print(*log.splitlines()[-60:], sep="\n", file=sys.stderr)
    unhandled = unhandled_errors(log)
    print(f"{dict(soak.done)} in {time.monotonic() - began:.0f} s; unhandled errors in the hub: {unhandled}")
    if len(soak.calm_s) > 1:
        median, longest = statistics.median(soak.calm_s), max(soak.calm_s)
        print(
            f"up without a kill, {len(ROWS)} rows: n {len(soak.calm_s)}, median {median:.1f} s, at most {longest:.1f} s"
        )
    return tell(soak.broken)


if __name__ == "__main__":
    sys.exit(main())
