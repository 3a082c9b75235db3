"""Runs the demo: makes the synthetic hospital, starts its services, and at the end leaves no process behind."""

from __future__ import annotations

import fcntl
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

from ccds_kernel.demo.hospital import CONTENTS, PEOPLE, PROJECT, SMALL, Hospital
from ccds_kernel.demo.services import Services, end_leftovers, running_services, say
from ccds_kernel.errors import CcdsError

ADDRESS = "127.0.0.1"
UP_SECONDS = 60.0
_POLL_SECONDS = 0.1
_LAST_PORT = 65535


def run(folder: Path, port: int, *, small: bool = False, check: bool = False) -> None:
    """Runs the demo in `folder` until it is stopped (Ctrl-C), or with `check` until its pages have answered.

    `small` makes a smaller hospital, in seconds.

    Raises:
        CcdsError: the folder is another's, a demo runs there already, the port is taken, or the hub didn't come up.
    """
    _require_port(port)
    hospital = Hospital(folder.absolute(), SMALL if small else CONTENTS)
    hospital.claim()
    with _only_one(hospital.folder):
        end_leftovers(hospital)
        require_free(port)
        settings = hospital.configure(port, free_port(), free_port(), free_port())
        for step in hospital.fill(settings):
            say(f"{step}: making what isn't there yet …")
        with _stop_signals() as stop:
            with running_services(hospital) as services:
                _wait_until_up(services, hospital, port, stop)
                if not stop.is_set():
                    say(_banner(hospital, port))
                if check and not stop.is_set():
                    say("The demo works.")
                    return
                while not stop.is_set():
                    services.keep_up()
                    time.sleep(_POLL_SECONDS)
            say("The demo has ended; its data stays for the next start.")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _require_port(port: int) -> None:
    if not 1 <= port <= _LAST_PORT:
        raise CcdsError(expected=f"a port from 1 to {_LAST_PORT}", found=str(port), do="name another one with --port")


def require_free(port: int) -> None:
    """Makes sure that nobody listens on `port`.

    Raises:
        CcdsError: somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise CcdsError(
                expected=f"port {port} of {ADDRESS} to be free",
                found=(error.strerror or "an error").lower(),
                do=f"stop what uses it, or take another one: make demo PORT={port + 10}",
            ) from None


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Holds the folder's lock, so that two demos don't share it."""
    with (folder / ".ccds-demo").open("r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CcdsError(
                expected=f"no other demo in {folder}", found="one that runs", do="use that one, or stop it with Ctrl-C"
            ) from None
        yield


@contextmanager
def _stop_signals() -> Iterator[Event]:
    """Ctrl-C, TERM and a closed terminal are noted, not raised: nothing that starts or ends the hub is cut short."""
    stop = Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_up(services: Services, hospital: Hospital, port: int, stop: Event) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while not stop.is_set():
        services.require()
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}:{port}/hub/login", timeout=5):
                return
        except OSError:
            time.sleep(_POLL_SECONDS)
        if time.monotonic() > deadline:
            raise CcdsError(expected="the hub to answer", found="it doesn't", do=f"see {hospital.folder / 'hub.log'}")


def _banner(hospital: Hospital, port: int) -> str:
    passwords = hospital.passwords()
    rows = [f"  {one.name:5} {passwords[one.name]:10} {one.role:11} {one.tries}" for one in PEOPLE]
    return "\n".join(
        (
            "",
            f"CCDS Workbench: http://{ADDRESS}:{port}",
            "",
            "  name  password   role        to try",
            *rows,
            "",
            f"On the command line: export CCDS_CONFIG={hospital.settings_file}",
            f"                     {Path(sys.executable).with_name('ccds')} irb show {PROJECT}",
            "There you, who started this, are an engineer of the project; label snapshots are fay's, in Assess.",
            "Images shows sam the volumes; with an archive beside the demo, Cohort fetches more: docs/archive.md, “Trying it”.",
            "",
            "All sessions of this demo run as you: only the program's own checks stand between its people.",
            "All data is synthetic. Ctrl-C ends the demo with its sessions and jobs; what you did stays for the next start.",
        )
    )
