"""The hub with 500 sessions that are pretended: what it asks its scheduler, and what it takes of the machine.

    python benchmarks/hub_load.py [--sessions 500] [--seconds 60]

The hub is a real one, in a process of its own, with its real scheduler client, policy and spawners, and every session is
started through its API. Pretended is what lies behind: `sbatch` gives a number and starts nothing, `squeue` and `sinfo` print
what a Slurm 22.05 printed (the tests' recorded answers), with a running job for each number; every call is counted. Each
session's port is reported with its token, and one small server answers for all of them. The tick is that of a cluster, 5 s.

Beside it batchspawner: twelve of its `SlurmSpawner` are polled as JupyterHub polls, against the same `squeue`; each asks for
itself, so that many sessions cost many times as much. It isn't installed with this project: `pip install --target FOLDER
batchspawner==1.3.0`, then `PYTHONPATH=FOLDER`. Without it, it is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import psutil
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.files import write_whole
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.password_file import password_file, write_passwords
from ccds_kernel.session.launch import PORT_PATH
from support.demo import LAB, PROJECT, Demo
from support.hub import HubSite, site_with_hub
from support.site import application, on_roster

ANSWERS = Path(__file__).resolve().parents[1] / "tests" / "batch" / "slurm_answers"
PROGRAM = """#!/bin/sh
echo {name} >> {folder}/calls
{does}
"""
SUBMIT = """exec 9>{folder}/lock
flock 9
number=$(($(cat {folder}/number) + 1))
echo $number > {folder}/number
cat > {folder}/script-$number
echo $number"""
LABS_EACH = 9
BATCHSPAWNERS = 12


class Slurm:
    """Programs of Slurm that run nothing; in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "number").write_text("0")
        (folder / "calls").touch()
        does = {
            "sbatch": SUBMIT.format(folder=folder),
            "squeue": f"cat {folder}/squeue.json",
            "sinfo": f"cat {folder}/sinfo.json",
            "scontrol": "true",
            "scancel": "true",
        }
        for name, what in does.items():
            program = folder / name
            program.write_text(PROGRAM.format(name=name, folder=folder, does=what))
            program.chmod(0o755)
        recorded = json.loads((ANSWERS / "squeue.json").read_text())
        self._running = next(job for job in recorded["jobs"] if job["job_state"] == "RUNNING")
        self._answer = recorded | {"jobs": []}
        nodes = json.loads((ANSWERS / "sinfo.json").read_text())
        for node in nodes["nodes"]:
            node["address"] = "127.0.0.1"
        (folder / "sinfo.json").write_text(json.dumps(nodes))
        self.show()

    def show(self) -> None:
        """From now on every job that was submitted runs."""
        jobs, now = self._answer["jobs"], int(time.time())
        for number in range(len(jobs) + 1, int((self.folder / "number").read_text()) + 1):
            options = dict(re.findall(r"#SBATCH --([a-z-]+)=(.*)", (self.folder / f"script-{number}").read_text()))
            jobs.append(
                self._running
                | {"job_id": number, "name": options["job-name"], "comment": options["comment"]}
                | {"partition": options["partition"], "user_name": "root"}
                | {"submit_time": now, "start_time": now, "end_time": now + 9 * 3600}
            )
        write_whole(self.folder / "squeue.json", json.dumps(self._answer))

    def calls(self) -> Counter[str]:
        """How often each program was called."""
        return Counter((self.folder / "calls").read_text().split())


class _Session(BaseHTTPRequestHandler):
    """Every pretended session's server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Says that it is one of a hub's."""
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", version("jupyterhub"))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_words: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


@contextmanager
def sessions_server() -> Iterator[int]:
    """One server for all sessions; its port."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def fill(site: HubSite, hub: Demo, slurm: Slurm, count: int, port: int) -> None:
    """Starts `count` sessions, and waits until the hub has all of them up."""
    people = [person for person in site.passwords if person.startswith("person")]
    clients = {person: hub.login(person) for person in people}
    asked = [
        (person, f"{LAB}-{number}" if number > 1 else LAB) for number in range(1, LABS_EACH + 1) for person in people
    ]

    def ask(one: tuple[str, str]) -> None:
        person, session = one
        clients[person].post(hub.api(person, session), json={"user_options": {"gpus": 0, "hours": 8}}, timeout=120)

    with ThreadPoolExecutor(
        20
    ) as asking:  # each answer is two seconds in coming: the hub sees whether the session is quicker
        list(asking.map(ask, asked[:count]))
    reported: set[Path] = set()
    jobs = site.settings.paths.state / "scheduler" / "jobs"
    api = f"{hub.url}/hub/api{PORT_PATH}"
    while len(reported) < count:
        slurm.show()
        for run in set(jobs.glob("*/run.json")) - reported:
            token = json.loads(run.read_text())["env"]["JUPYTERHUB_API_TOKEN"]
            answer = requests.post(api, json={"port": port}, headers={"Authorization": f"token {token}"}, timeout=60)
            if answer.status_code == requests.codes.no_content:
                reported.add(run)
        time.sleep(0.5)
    slurm.show()
    while sum(_ready(hub, clients[person], person) for person in people) < count:
        time.sleep(2)


def _ready(hub: Demo, client: requests.Session, person: str) -> int:
    answer = client.get(f"{hub.url}/hub/api/users/{person}", timeout=60)
    return sum(server["ready"] for server in answer.json()["servers"].values())


def measure(hub: psutil.Process, slurm: Slurm, seconds: float) -> str:
    """What happens in so many seconds in which nobody does anything."""
    before, busy, began = slurm.calls(), _cpu(hub), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    calls = slurm.calls() - before
    per_minute = {name: round(count * 60 / took, 1) for name, count in calls.items()}
    cpu, memory = (_cpu(hub) - busy) / took, hub.memory_info().rss / 2**20
    return f"calls a minute {per_minute}, CPU {100 * cpu:.0f} % of a core (programs included), memory {memory:.0f} MiB"


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:4])  # its own, and that of the programs that it called


async def batchspawner(slurm: Slurm, count: int, seconds: float) -> str:
    """The calls of as many spawners of batchspawner's, polled by JupyterHub's own timer."""
    from batchspawner import SlurmSpawner  # noqa: PLC0415 - it is another project's, and may be missing

    class Pretended(SlurmSpawner):  # type: ignore[misc] # it has no type hints
        """One whose job is there; who it is for doesn't matter to a query."""

        def get_req_subvars(self) -> dict[str, str]:
            """What the query names."""
            return {"job_id": self.job_id, "username": "root"}

    spawners = [
        Pretended(exec_prefix="", batch_query_cmd=f"{slurm.folder}/squeue -h -j {{job_id}}") for _ in range(count)
    ]
    (slurm.folder / "squeue.json").write_text("RUNNING gpu1\n")
    before = slurm.calls()
    for number, spawner in enumerate(spawners, 1):
        spawner.job_id = str(number)
        spawner.start_polling()
    await asyncio.sleep(seconds)
    for spawner in spawners:
        spawner.stop_polling()
    calls = (slurm.calls() - before)["squeue"]
    return f"calls a minute: squeue {calls * 60 / seconds:.0f} (poll_interval {spawners[0].poll_interval} s, JupyterHub's own)"


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"jupyterhub {version('jupyterhub')}", flush=True)
    people = [f"person{number}" for number in range(-(-options.sessions // LABS_EACH))]
    with tempfile.TemporaryDirectory(prefix="ccds-bench-") as place:
        slurm = Slurm(Path(place) / "slurm")
        more = ['engine = "slurm"', "[slurm]", f'bin = "{slurm.folder}"']
        with site_with_hub(Path(place) / "site", "", "\n".join(more)) as site, sessions_server() as port:
            (administrator,) = site.settings.hub.administrators
            site.passwords = dict.fromkeys([*people, administrator], "right")
            write_passwords(password_file(site.settings), site.passwords)
            roster = on_roster(**dict.fromkeys(people, "scientist"))
            apply_application(application(id=PROJECT, roster=roster), person=administrator, settings=site.settings)
            hub = site.start()
            process = psutil.Process(hub.process.pid)
            time.sleep(5)
            print(f"ours, no session: {measure(process, slurm, options.seconds / 2)}", flush=True)
            began = time.monotonic()
            fill(site, hub, slurm, options.sessions, port)
            print(
                f"{options.sessions} sessions of {len(people)} people are up after {time.monotonic() - began:.0f} s",
                flush=True,
            )
            print(f"ours, {options.sessions} sessions: {measure(process, slurm, options.seconds)}", flush=True)
        if find_spec("batchspawner"):
            told = asyncio.run(batchspawner(slurm, BATCHSPAWNERS, max(options.seconds, 60)))
            print(f"batchspawner {version('batchspawner')}, {BATCHSPAWNERS} sessions: {told}")
        else:
            print("batchspawner: not installed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
