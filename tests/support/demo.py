"""The demo as a process: a real hub with its proxy, sessions and scheduler, on loopback and in a folder of its own."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.batch.spec import job_name
from ccds_kernel.batch.states import JobStatus
from support.waiting import until

PROJECT = "HEADCT-2026"
LAB, APP = "headct-2026-lab", "headct-2026-app"

_AS_BROWSERS_DO = Retry(total=1, connect=0, read=1, allowed_methods={"GET", "HEAD"})
"""A proxy closes connections that were idle for five seconds, also where a request is under way: what only reads is sent anew."""


@dataclass(frozen=True)
class Demo:
    """A running demo: its address without a slash at the end, its folder, everybody's password."""

    url: str
    folder: Path
    passwords: dict[str, str]
    process: subprocess.Popen[str]
    verify: bool | str = True

    def login(self, person: str) -> requests.Session:
        """A client that is logged in as `person`; it sends the hub's XSRF token with everything."""
        client = requests.Session()
        for scheme in ("http://", "https://"):
            client.mount(scheme, HTTPAdapter(max_retries=_AS_BROWSERS_DO))
        client.verify, client.trust_env = self.verify, False  # an authority in the environment would go before it
        client.get(f"{self.url}/hub/login", timeout=20)
        form = {"username": person, "password": self.passwords[person], "_xsrf": client.cookies["_xsrf"]}
        answer = client.post(f"{self.url}/hub/login", data=form, allow_redirects=False, timeout=20)
        assert answer.status_code == 302, "the login was refused"
        home = client.get(f"{self.url}/hub/home", timeout=20)
        client.headers["X-XSRFToken"] = re.search(r'data-xsrf="([^"]+)"', home.text)[1]
        return client

    def api(self, person: str, session: str) -> str:
        """Where the hub's API has this server."""
        return f"{self.url}/hub/api/users/{person}/servers/{session}"

    def is_ready(self, client: requests.Session, person: str, session: str) -> bool:
        """Whether the hub says that this session is up."""
        answer = client.get(self.api(person, session), timeout=20)
        return answer.status_code == 200 and bool(answer.json()["ready"])

    @property
    def scheduler(self) -> LocalScheduler:
        """The site's scheduler, as the hub has it."""
        return LocalScheduler(self.folder / "state" / "scheduler")

    @contextmanager
    def silent_scheduler(self) -> Iterator[None]:
        """Meanwhile the scheduler's folder is away: nobody gets an answer from it."""
        folder = self.folder / "state" / "scheduler"
        folder.rename(folder.with_name("away"))
        try:
            yield
        finally:
            folder.with_name("away").rename(folder)

    def jobs(self, person: str, session: str) -> list[JobStatus]:
        """The live jobs of a person's session."""
        name = job_name("session", person, session)
        return [job for job in self.scheduler.mine() if job.name == name]

    def job(self, person: str, session: str) -> JobStatus | None:
        """The live job of a person's session, if there is one."""
        return next(iter(self.jobs(person, session)), None)

    def start(
        self,
        client: requests.Session,
        person: str,
        session: str,
        options: dict[str, object] | None = None,
        seconds: float = 60,
    ) -> str:
        """Starts a session through the hub's API and waits until it is ready, so long at most; returns its URL."""
        server = self.api(person, session)
        answer = client.post(server, json={"user_options": options or {}}, timeout=30)
        assert answer.status_code in {201, 202}, f"{answer.status_code}: the session wasn't started"
        until(lambda: self.is_ready(client, person, session), "the session to be ready", seconds)
        return f"{self.url}/user/{person}/{session}/"

    def token(self, session: str) -> str:
        """The token of a session that runs, from its server's environment: it opens that session, and people are given none."""
        server, *_ = processes_of(self.folder, f"CCDS_SESSION={session}", "jupyterhub.singleuser")
        return server.environ()["JUPYTERHUB_API_TOKEN"]

    def stop(self, client: requests.Session, person: str, session: str) -> None:
        """Stops a session and waits until the hub has none of that name running."""
        server = self.api(person, session)
        client.delete(server, json={}, timeout=60)
        until(lambda: _stopped(client.get(server, timeout=20)), "the session to have ended", seconds=60)


def _stopped(answer: requests.Response) -> bool:
    return answer.status_code == 404 or not (answer.json().get("ready") or answer.json().get("pending"))


@contextmanager
def running_demo(folder: Path, *more: str) -> Iterator[Demo]:
    """`ccds demo` in `folder` (`more` are further words), up; at the end it gets Ctrl-C and must end by itself."""
    port = free_port()
    command = [
        sys.executable,
        "-P",
        "-m",
        "ccds_kernel.cli",
        "demo",
        "--folder",
        str(folder),
        "--port",
        str(port),
        *more,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CCDS_", "JUPYTER"))}
    output = folder.parent / f"{folder.name}.txt"
    with output.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True)
        try:
            until(
                lambda: process.poll() is not None or "Ctrl-C ends the demo" in output.read_text(),
                "the demo to be up",
                seconds=300,
            )
            assert process.poll() is None, output.read_text()
            passwords = json.loads((folder / "state" / "demo-passwords.json").read_text())
            yield Demo(f"http://127.0.0.1:{port}", folder, passwords, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def processes_of(folder: Path, *words: str) -> list[psutil.Process]:
    """What runs for the site in `folder`: it has the folder in its arguments, environment or working directory.

    With `words` only those in whose arguments or environment all of them occur; `NAME=value` is a variable, with just that value.
    """
    found = []
    for process in psutil.process_iter():
        try:
            environment = [f"{name}={value}" for name, value in process.environ().items()]
            texts = [*process.cmdline(), *environment]
            ours = Path(process.cwd()).is_relative_to(folder) or any(str(folder) in text for text in texts)
        except (psutil.Error, OSError):
            continue
        if ours and all(any(_has(text, word) for text in texts) for word in words):
            found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def _has(text: str, word: str) -> bool:
    _, is_variable, value = word.partition("=")
    return text == word if is_variable and value else word in text


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now.

    It is none of those that Linux gives to whoever names none: by the time it is used another test's connection might have it.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
