"""Soak: sessions started and stopped through the hub's API while the hub is killed -9 at random.

    python tests/soak/soak_sessions.py [--sessions 60] [--kills 6] [--seed 1] [--limit-s 900]

Three people start lab sessions and one an app session, each stops what they have and starts the next. The hub is killed -9
now and then, also while sessions start, and started again on the same site. At the end: no process is left, no live job
without a session, no session without a job, and no session that was up was lost to a kill. Exit status 1 with the broken
promises otherwise.
"""

# ruff: noqa: T201, S311 - a script that prints, and whose random numbers protect nothing

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.demo import Demo
from support.hub import HubSite, site_with_hub
from support.soak import processes_left, server_of, tell, unhandled_errors

SESSIONS = {
    "sam": ("headct-2026-lab", "headct-2026-lab-2"),
    "tom": ("headct-2026-lab",),
    "fay": ("headct-2026-app",),
}
WITNESS = "headct-2026-lab-9"
"""Sam's session that is up all the while."""
POLL_S = 0.1


@dataclass
class Soak:
    """One run: what was done, and which promises were broken."""

    site: HubSite
    draw: random.Random
    wanted: int
    deadline: float
    hub: Demo
    lock: Lock = field(default_factory=Lock)
    over: Event = field(default_factory=Event)
    hub_answers: Event = field(default_factory=Event)
    started: int = 0
    calm_seconds: list[float] = field(default_factory=list)
    cut_short: int = 0
    kills: int = 0
    kept: int = 0
    broken: list[str] = field(default_factory=list)

    def one_person(self, person: str, session: str) -> None:
        """Starts and stops one session again and again until enough were started."""
        client = self.hub.login(person)
        while self._one_more():
            self.hub_answers.wait(60)
            kills, began = self.kills, time.monotonic()
            with suppress(requests.RequestException):
                client.post(self.hub.api(person, session), json={}, timeout=60)
            up = self._until(client, person, session, ready=True, seconds=40)
            if up and kills == self.kills:
                self.calm_seconds.append(time.monotonic() - began)
            if not up:
                self.cut_short += 1
                if kills == self.kills:
                    self.broken.append(f"{person}'s {session} didn't start though nobody killed the hub")
            self.over.wait(self.draw.uniform(0, 1))
            with suppress(requests.RequestException):
                client.delete(self.hub.api(person, session), json={}, timeout=60)
            if not self._until(client, person, session, ready=False, seconds=90):
                self.broken.append(f"{person}'s {session} didn't stop")
                return

    def _one_more(self) -> bool:
        with self.lock:
            if self.started >= self.wanted or time.monotonic() > self.deadline:
                return False
            self.started += 1
            return True

    def _until(self, client: requests.Session, person: str, session: str, *, ready: bool, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(requests.RequestException, ValueError):
                answer = client.get(self.hub.api(person, session), timeout=20)
                state = answer.json() if answer.status_code == requests.codes.ok else {}
                if ready and state.get("ready"):
                    return True
                if not state.get("pending") and not state.get("ready"):
                    if not ready:
                        return True
                    if answer.status_code in {200, 404}:
                        # Not starting any more: a kill cut it short, or it was refused.
                        return False
            self.over.wait(POLL_S)
        return False

    def kill_hubs(self, count: int) -> None:
        """Kills the hub `count` times; a session that was up before must be up after, on the same server."""
        witness = self.hub.login("sam")
        self.hub.start(witness, "sam", WITNESS, {"gpus": 0})
        before = server_of(self.hub.folder, WITNESS)
        for _ in range(count):
            if self.over.wait(self.draw.uniform(2, 8)) or time.monotonic() > self.deadline:
                break
            self.hub_answers.clear()
            self.kills += 1  # before it happens: who finds this number unchanged was not disturbed
            self.site.kill()
            self.site.start()
            self.hub_answers.set()
            if (
                self._until(witness, "sam", WITNESS, ready=True, seconds=60)
                and server_of(self.hub.folder, WITNESS) == before
            ):
                self.kept += 1
            else:
                self.broken.append(f"the session that was up was lost to kill {self.kills}")
        self.hub.stop(witness, "sam", WITNESS)

    def check(self) -> None:
        """Nothing may be left when everybody has stopped."""
        end = time.monotonic() + 60
        while (jobs := self.hub.scheduler.mine()) and time.monotonic() < end:
            self.over.wait(POLL_S)
        self.broken += [f"job {job.name} is left" for job in jobs]
        self.broken += processes_left(self.hub.folder)


def main() -> int:
    """Runs it; prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit-s", type=float, default=900.0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as place, site_with_hub(Path(place) / "site") as site:
        deadline = began + options.limit_s
        soak = Soak(site, random.Random(options.seed), options.sessions, deadline, site.start())
        people = [
            Thread(target=soak.one_person, args=(person, session))
            for person, sessions in SESSIONS.items()
            for session in sessions
        ]
        soak.hub_answers.set()
        killer = Thread(target=soak.kill_hubs, args=(options.kills,))
        for thread in (killer, *people):
            thread.start()
        for thread in (*people, killer):
            thread.join()
        soak.check()
        log = (site.folder / "hub.log").read_text(errors="replace")
        unhandled = unhandled_errors(log)
    print(f"{soak.started} starts in {time.monotonic() - began:.0f} s, {soak.kills} hubs killed -9, ", end="")
    print(f"{soak.cut_short} starts cut short, {soak.kept} times the session that was up stayed up")
    if len(soak.calm_seconds) > 1:
        ordered = sorted(soak.calm_seconds)
        p95 = ordered[int(len(ordered) * 0.95) - 1]
        print(f"spawn, {len(ordered)} without a kill, up to {len(people)} at once: ", end="")
        print(f"median {statistics.median(ordered):.1f} s, p95 {p95:.1f} s; unhandled errors in the hub: {unhandled}")
    return tell(soak.broken)


if __name__ == "__main__":
    sys.exit(main())
