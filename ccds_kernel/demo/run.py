"""Runs the demo: makes the synthetic hospital, starts its hub, and at the end leaves no process behind."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import IO

import psutil

from ccds_kernel.batch.local.client import LocalScheduler
from ccds_kernel.demo.hospital import PEOPLE, PROJECT, Hospital
from ccds_kernel.errors import CcdsError
from ccds_kernel.resources import resource

ADDRESS = "127.0.0.1"
UP_SECONDS = 60.0
END_SECONDS = 20.0
_POLL_SECONDS = 0.1
_LAST_PORT = 65535
_OURS = ("jupyterhub_config.py", "configurable-http-proxy", "ccds_hub.proxy")
_SERVICES = {
    "proxy": ("ccds_hub.proxy",),
    "hub": ("jupyterhub", "-f", str(resource("hub/jupyterhub_config.py"))),
}
LEAST_SECONDS = 10.0
"""What ends sooner than this after its start is not started again."""


def run(folder: Path, port: int, *, check: bool = False) -> None:
    """Runs the demo in `folder` until it is stopped (Ctrl-C), or with `check` until its pages have answered.

    Raises:
        CcdsError: the folder is another's, a demo runs there already, the port is taken, or the hub didn't come up.
    """
    _require_port(port)
    hospital = Hospital(folder.absolute())
    hospital.claim()
    with _only_one(hospital.folder):
        _end_leftovers(hospital)
        require_free(port)
        settings = hospital.configure(port, free_port(), free_port())
        for step in hospital.fill(settings):
            _say(f"{step}: making what isn't there yet …")
        with _stop_signals() as stop:
            with _services(hospital) as services:
                _wait_until_up(services, hospital, port, stop)
                if not stop.is_set():
                    _say(_banner(hospital, port))
                if check and not stop.is_set():
                    _say("The demo works.")
                    return
                while not stop.is_set():
                    services.keep_up()
                    time.sleep(_POLL_SECONDS)
            _say("The demo has ended; its data stays for the next start.")


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


class _Services:
    """The proxy and the hub, each started again when it ends: sessions and jobs outlive both."""

    def __init__(self, hospital: Hospital, log: IO[bytes]) -> None:
        self._hospital = hospital
        self._log = log
        self._running = {name: self._start(name) for name in _SERVICES}
        self._began = dict.fromkeys(_SERVICES, time.monotonic())

    def keep_up(self) -> None:
        """Starts what has ended again.

        Raises:
            CcdsError: it ended right after its start: another try would not help.
        """
        for name, process in self._running.items():
            if process.poll() is None:
                continue
            if time.monotonic() - self._began[name] < LEAST_SECONDS:
                raise CcdsError(
                    expected=f"the {name} to run", found="it doesn't", do=f"see {self._hospital.folder / 'hub.log'}"
                )
            _say(f"The {name} has ended; starting it again. Sessions and jobs go on.")
            self._running[name], self._began[name] = self._start(name), time.monotonic()

    def end(self) -> None:
        """Ends both, the hub first."""
        for name in reversed(_SERVICES):
            process = self._running[name]
            _end([psutil.Process(process.pid)] if process.poll() is None else [])
            process.wait()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal reaches us, and we end it in good order.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", *_SERVICES[name]],
            cwd=self._hospital.folder / "state",
            env=os.environ | {"CCDS_CONFIG": str(self._hospital.settings_file)},
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip


@contextmanager
def _services(hospital: Hospital) -> Iterator[_Services]:
    """Runs proxy and hub; at the end they, and every job, are gone."""
    try:
        with open(hospital.folder / "hub.log", "ab", opener=_private) as log:
            services = _Services(hospital, log)
            try:
                yield services
            finally:
                _say("ending sessions and jobs …")
                services.end()
    finally:
        _end_leftovers(hospital)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _end_leftovers(hospital: Hospital) -> None:
    """Ends what an earlier demo of this folder left running: jobs, hub, proxy."""
    state = hospital.folder / "state"
    if (state / "scheduler").exists():
        LocalScheduler(state / "scheduler").shutdown(cancel_jobs=True)
    _end([process for process in psutil.process_iter() if _is_ours(process, state)])


def _is_ours(process: psutil.Process, state: Path) -> bool:
    """Whether this is the hub or the proxy of a demo: they run in its state folder, where a person's shell may be too."""
    try:
        words = process.cmdline()
        return Path(process.cwd()) == state and any(word.endswith(_OURS) for word in words)
    except (psutil.Error, OSError):
        return False


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _, left = psutil.wait_procs(processes, timeout=END_SECONDS)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=END_SECONDS)


def _wait_until_up(services: _Services, hospital: Hospital, port: int, stop: Event) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while not stop.is_set():
        services.keep_up()
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
            "",
            "This demo runs without root: only the program's own checks stand between people, not the operating system.",
            "All data is synthetic. Ctrl-C ends the demo with its sessions and jobs; what you did stays for the next start.",
        )
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the demo talks to whoever started it
