"""The reconciler ends with its hub, whatever it is at and however the hub ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from ccds_kernel.demo.hospital import Hospital
from support.demo import free_port
from support.waiting import until

HUB = """
import os, subprocess
from ccds_hub.reconciler import service
how = service()
reconciler = subprocess.Popen(how["command"], env=os.environ | how["environment"], start_new_session=True)
print(reconciler.pid, flush=True)
reconciler.wait()
"""
"""Starts the reconciler as JupyterHub starts a service, and does nothing else."""


@dataclass
class Dripping:
    """A hub's interface whose answer never ends: a byte now and then. No limit of the one who waits for it is reached.

    Attributes:
        url: its address.
        asked: set once somebody has asked.
        over: set at the end.
    """

    url: str = ""
    asked: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def dripping() -> Iterator[Dripping]:
    """One that runs."""
    one = Dripping()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.asked.set()
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            try:
                while not one.over.wait(0.05):
                    self.wfile.write(b" ")
            except OSError:  # whoever asked is gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield one
        finally:
            one.over.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def environment(tmp_path: Path, dripping: Dripping) -> dict[str, str]:
    """What a reconciler of a site of its own is given, which asks `dripping`."""
    hospital = Hospital(tmp_path / "site")
    hospital.claim()
    hospital.configure(*(free_port() for _ in range(4)))
    return os.environ | {
        "CCDS_CONFIG": str(hospital.settings_file),
        "JUPYTERHUB_API_URL": dripping.url,
        "JUPYTERHUB_API_TOKEN": "its own",
    }


def is_gone(process: psutil.Process) -> bool:
    """Whether it runs no more; it may still wait for whoever inherited it to take notice."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda hub, _: hub.kill(), id="its hub is killed"),
        pytest.param(lambda _, reconciler: reconciler.terminate(), id="it is told"),
        pytest.param(lambda _, reconciler: reconciler.send_signal(signal.SIGINT), id="it is interrupted"),
    ],
)
def test_it_ends_at_whatever_it_is(
    environment: dict[str, str],
    dripping: Dripping,
    end: Callable[[subprocess.Popen[str], psutil.Process], None],
) -> None:
    """It waits for an answer of which there is always more to come: it ends all the same."""
    with subprocess.Popen([sys.executable, "-c", HUB], env=environment, stdout=subprocess.PIPE, text=True) as hub:
        reconciler = psutil.Process(int(hub.stdout.readline()))
        try:
            until(dripping.asked.is_set, "it to ask the hub", seconds=60)

            end(hub, reconciler)

            until(lambda: is_gone(reconciler), "it to end")
        finally:
            hub.kill()
            if not is_gone(reconciler):
                reconciler.kill()


def test_it_does_not_begin_without_its_hub(environment: dict[str, str], dripping: Dripping) -> None:
    """Its hub died before it could ask to end with it: it ends by itself, and asks nobody anything."""
    command = [sys.executable, "-P", "-m", "ccds_hub.reconciler"]
    other = subprocess.Popen([sys.executable, "-c", ""])
    other.wait()

    done = subprocess.run(command, env=environment | {"CCDS_HUB_PID": str(other.pid)}, check=False, timeout=60)

    assert done.returncode == 0
    assert not dripping.asked.is_set()
