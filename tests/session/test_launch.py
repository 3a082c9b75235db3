"""The launcher on the node, as a process, between a server and a hub that answer as the real ones do over HTTP."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from ccds_kernel.session.launch import address_towards, in_url
from support.waiting import until

TOKEN = "session-token-4711"
LAUNCH = """
import sys
from ccds_kernel.session.launch import Place, serve
sys.exit(serve(sys.argv[1:], Place.from_environment(), up_seconds=4.0, report_seconds=3.0))
"""
SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/user/ann/x-lab/api" else 404)
        self.send_header("X-JupyterHub-Version", "6")
        self.end_headers()
    def log_message(self, *words):
        pass

with open("started", "a") as out:
    out.write("x")
HTTPServer(("127.0.0.1", urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]).port), Answer).serve_forever()
"""
GREETING = 'self.wfile.write(b"SSH-2.0\\r\\n\\r\\n"); return'
STRANGER = SERVER.replace('self.send_response(200 if self.path == "/user/ann/x-lab/api" else 404)', GREETING)
SILENT = "open('started', 'a').write('x'); import time; time.sleep(60)"
BRIEF = "open('started', 'a').write('x'); raise SystemExit(7)"


class Hub:
    """Answers each report with the next of `statuses`, the last one for ever; keeps what came."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.came = list(statuses), []
        hub = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hub.came.append((self.path, self.headers["Authorization"], body))
                self.send_response(hub.statuses.pop(0) if len(hub.statuses) > 1 else hub.statuses[0])
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def api(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server.server_port}/hub/api"


@pytest.fixture
def hub() -> Iterator[Callable[..., Hub]]:
    """Starts hubs."""
    running = []

    def start(*statuses: int) -> Hub:
        running.append(Hub(*statuses))
        return running[-1]

    yield start
    for one in running:
        one.server.shutdown()
        one.server.server_close()


Launch = Callable[[str, str], subprocess.Popen[str]]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts the launcher with a server, given as Python text, and a hub's address; nothing of it may be left."""
    running = []

    def start(server: str, api: str) -> subprocess.Popen[str]:
        own = {
            "JUPYTERHUB_SERVICE_PREFIX": "/user/ann/x-lab/", "JUPYTERHUB_API_URL": api, "JUPYTERHUB_API_TOKEN": TOKEN,
            "LAUNCH_TEST": str(tmp_path),
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, sys.executable, "-c", server],
            env=os.environ | own, cwd=tmp_path, text=True, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.terminate()  # kill -9 is the scheduler's wrapper's business: it ends what is left
        process.communicate(timeout=20)
    assert [process.cmdline() for process in psutil.process_iter() if _is_of(process, tmp_path)] == []


def _is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.environ().get("LAUNCH_TEST") == str(folder)
    except psutil.Error:
        return False


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and what was said on standard error."""
    _, said = process.communicate(timeout=20)
    return process.returncode, said


def test_the_port_is_reported_with_the_session_s_token(launch: Launch, hub: Callable[..., Hub]) -> None:
    """Once, when the server answers, and never the host; then the launcher stays as long as its server."""
    answering = hub(204)

    process = launch(SERVER, answering.api)
    until(lambda: answering.came, "the report")
    (path, authorization, body), alive = answering.came[0], process.poll() is None
    process.send_signal(signal.SIGTERM)
    status, said = ended(process)

    assert (path, authorization) == ("/hub/api/ccds/session-port", f"token {TOKEN}")
    assert list(body) == ["port"]
    assert 1024 <= body["port"] <= 65535
    assert alive
    assert status != 0
    assert TOKEN not in said
    assert len(answering.came) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_hub_that_refuses_ends_the_server(launch: Launch, hub: Callable[..., Hub], status: int) -> None:
    """It is the session of a start that nobody waits for: no orphan, one line."""
    refusing = hub(status)

    code, said = ended(launch(SERVER, refusing.api))

    assert (code, said) == (1, "ccds session: the hub doesn't wait for this session; it ends\n")
    assert len(refusing.came) == 1


def test_a_hub_in_trouble_is_asked_again(launch: Launch, hub: Callable[..., Hub]) -> None:
    """A 503 or 500 is no answer about this session."""
    recovering = hub(503, 500, 204)

    process = launch(SERVER, recovering.api)
    until(lambda: len(recovering.came) == 3, "the third report")

    assert process.poll() is None


def test_a_hub_that_stays_away_ends_the_server(launch: Launch) -> None:
    """After the time it is given."""
    code, said = ended(launch(SERVER, "http://127.0.0.1:1/hub/api"))

    assert (code, said) == (1, "ccds session: the hub doesn't wait for this session; it ends\n")


def test_a_server_that_ends_at_once_is_tried_three_times(
    launch: Launch, hub: Callable[..., Hub], tmp_path: Path
) -> None:
    """Somebody may have taken the port; after that its exit status is the launcher's, and nothing is reported."""
    answering = hub(204)

    code, _ = ended(launch(BRIEF, answering.api))

    assert code == 7
    assert (tmp_path / "started").read_text() == "xxx"
    assert answering.came == []


@pytest.mark.parametrize("server", [SILENT, STRANGER])
def test_a_server_that_is_none_of_this_hub_is_ended(launch: Launch, hub: Callable[..., Hub], server: str) -> None:
    """Neither silence nor another protocol on the port is reported."""
    answering = hub(204)

    code, said = ended(launch(server, answering.api))

    assert (code, said) == (1, "ccds session: the server didn't answer in time\n")
    assert answering.came == []


def test_a_port_that_somebody_else_took_is_not_reported(
    launch: Launch, hub: Callable[..., Hub], tmp_path: Path
) -> None:
    """Another one on this node who was quicker, and answers as a server of this hub would, gets nobody's requests."""
    answering = hub(204)
    slow = f"""
import os, subprocess, sys, time
if not os.path.exists("quicker"):
    quicker = subprocess.Popen([sys.executable, "-c", {SERVER!r}], stderr=subprocess.DEVNULL)
    with open("quicker", "w") as out:
        out.write(str(quicker.pid))
time.sleep(60)
"""

    code, said = ended(launch(slow, answering.api))
    psutil.Process(int((tmp_path / "quicker").read_text())).kill()

    assert (code, said) == (1, "ccds session: the server didn't answer in time\n")
    assert answering.came == []


def test_a_stop_while_the_server_starts_starts_no_other(
    launch: Launch, hub: Callable[..., Hub], tmp_path: Path
) -> None:
    """TERM reaches the server, and its end isn't taken for a port that was taken."""
    process = launch(SILENT, hub(204).api)
    until((tmp_path / "started").exists, "the server to start")

    process.send_signal(signal.SIGTERM)
    ended(process)

    assert (tmp_path / "started").read_text() == "x"


@pytest.mark.parametrize(
    ("hub_api", "address"), [("http://127.0.0.1:8081/hub/api", "127.0.0.1"), ("http://[::1]:8081/hub/api", "::1")]
)
def test_the_server_listens_where_the_hub_is_reached(hub_api: str, address: str) -> None:
    """On that one address of the node, and not on all."""
    assert address_towards(hub_api) == address
    assert in_url(address) in hub_api


def test_a_node_without_a_way_to_the_hub_starts_no_server(tmp_path: Path) -> None:
    """It says so in one line."""
    place = {"JUPYTERHUB_SERVICE_PREFIX": "/", "JUPYTERHUB_API_URL": "http://hub.invalid/hub/api"}

    done = subprocess.run(
        [sys.executable, "-P", "-m", "ccds_kernel.session.launch", "app"],
        env=os.environ | place | {"JUPYTERHUB_API_TOKEN": TOKEN}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("ccds session: this node finds no way to the hub: ")
    assert len(done.stderr.splitlines()) == 1
