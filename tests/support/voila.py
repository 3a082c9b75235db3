"""An app of ours served by a plain Voilà on loopback, as the session of a person would."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.checkout import ROOT
from support.demo import free_port
from support.site import session_of
from support.waiting import until


@dataclass(frozen=True)
class App:
    """A served app. `kernels` are the processes that run it now."""

    url: str
    host: str
    kernels: Callable[[], list[int]]

    @contextmanager
    def slow_kernels(self) -> Iterator[None]:
        """Its kernels answer nothing meanwhile, and everything after."""
        stopped = self.kernels()
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


@contextmanager
def served(notebook: str, folder: Path, *, config: Path, person: str, project: str | None = None) -> Iterator[App]:
    """Serves an app of ours as the session of a person, and of a project if any.

    Args:
        notebook: its name in notebooks/apps, or its path.
        folder: an empty one for what Voilà keeps.
        config: the site's ccds.toml.
        person: whose session.
        project: the session's.
    """
    templates = folder / "jupyter" / "voila" / "templates"
    templates.mkdir(parents=True)
    (templates / "ccds").symlink_to(ROOT / "notebooks" / "templates" / "ccds")
    port = free_port()
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("voila"),
                ROOT / "notebooks" / "apps" / notebook,
                f"--port={port}",
                "--Voila.ip=127.0.0.1",
                "--no-browser",
                "--template=ccds",
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "CCDS_PROJECT"}
            | ({"CCDS_PROJECT": project} if project else {})
            | {
                "CCDS_CONFIG": str(config),
                **session_of(person, project or "", config),
                "JUPYTER_PATH": str(folder / "jupyter"),
                "HOME": str(folder),
            },
        )
    try:
        until(lambda: process.poll() is not None or "is running at" in log.read_text(errors="replace"), "Voilà")
        assert process.poll() is None, log.read_text(errors="replace")
        yield App(f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}", lambda: _children(process.pid))
    finally:
        left = _children(process.pid) if process.poll() is None else []
        process.terminate()
        process.wait(20)
        for pid in left:
            _end(pid)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
