"""The demo's services, audit daemon, proxy and hub: started, kept up, and ended with everything that they started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from ccds_kernel.batch.local.client import LocalScheduler
from ccds_kernel.demo.hospital import Hospital
from ccds_kernel.errors import CcdsError
from ccds_kernel.resources import resource

_END_SECONDS = 20.0
# The hub tells its reconciler to end, and doesn't wait for one that is in the middle of a look.
_OURS = (
    "jupyterhub_config.py",
    "configurable-http-proxy",
    "ccds_hub.proxy",
    "ccds_hub.audit_daemon",
    "ccds_hub.reconciler",
)
_MODULES = {
    "audit daemon": ("ccds_hub.audit_daemon",),
    "proxy": ("ccds_hub.proxy",),
    "hub": ("ccds_hub.app", "-f", str(resource("hub/jupyterhub_config.py"))),
}
_MOST_ENDS, _PATIENCE_SECONDS = 3, 60.0
"""More ends than that in this time, and nothing is started again."""


class Services:
    """Audit daemon, proxy and hub, each started again when it ends: sessions and jobs outlive them."""

    def __init__(self, hospital: Hospital, log: IO[bytes]) -> None:
        self._hospital = hospital
        self._log = log
        self._ends: list[float] = []
        self._running = {name: self._start(name) for name in _MODULES}

    def require(self) -> None:
        """Makes sure that all run.

        Raises:
            CcdsError: one has ended.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                raise self._ended(name)

    def keep_up(self) -> None:
        """Starts what has ended again.

        Raises:
            CcdsError: it does so again and again.
        """
        for name, process in self._running.items():
            if process.poll() is None:
                continue
            now = time.monotonic()
            self._ends = [when for when in self._ends if now - when < _PATIENCE_SECONDS] + [now]
            if len(self._ends) > _MOST_ENDS:
                raise self._ended(name)
            say(f"The {name} has ended; starting it again. Sessions and jobs go on.")
            self._running[name] = self._start(name)

    def _ended(self, name: str) -> CcdsError:
        log = self._hospital.folder / "hub.log"
        return CcdsError(expected=f"the {name} to run", found="it doesn't", do=f"see {log}")

    def end(self) -> None:
        """Ends them, the hub first."""
        for name in reversed(_MODULES):
            process = self._running[name]
            _end([psutil.Process(process.pid)] if process.poll() is None else [])
            process.wait()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal reaches us, and we end it in good order.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", *_MODULES[name]],
            cwd=self._hospital.folder / "state",
            env=os.environ | {"CCDS_CONFIG": str(self._hospital.settings_file)},
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip


@contextmanager
def running_services(hospital: Hospital) -> Iterator[Services]:
    """Runs audit daemon, proxy and hub; at the end they, and every job, are gone."""
    try:
        with open(hospital.folder / "hub.log", "ab", opener=_private) as log:
            services = Services(hospital, log)
            try:
                yield services
            finally:
                say("ending sessions and jobs …")
                services.end()
    finally:
        end_leftovers(hospital)


def end_leftovers(hospital: Hospital) -> None:
    """Ends what an earlier demo of this folder left running: jobs, hub, proxy, audit daemon."""
    state = (hospital.folder / "state").resolve()  # as a process tells its folder
    if (state / "scheduler").exists():
        LocalScheduler(state / "scheduler").shutdown(cancel_jobs=True)
    _end([process for process in psutil.process_iter() if _is_ours(process, state)])


def _is_ours(process: psutil.Process, state: Path) -> bool:
    """Whether this is a service of a demo: they run in its state folder, where a person's shell may be too."""
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
    _, left = psutil.wait_procs(processes, timeout=_END_SECONDS)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=_END_SECONDS)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def say(text: str) -> None:
    """Tells whoever started the demo."""
    print(text, flush=True)  # noqa: T201 - the demo talks to whoever started it
