"""A Chromium for all tests, pages that ask no foreign host, and apps served by a plain Voilà."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import Paths, Settings, load_settings
from support.browser import chromium, hosts_asked
from support.site import TRAINED, session_of
from support.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """A site with projects CHEST-1 and EMPTY-1; on both are the fellow fay and, for leadership, lea, who leads the site, too."""

    folder: Path
    settings: Settings


@dataclass(frozen=True)
class App:
    """A served app. `kernels` are the processes that run it now."""

    url: str
    host: str
    kernels: Callable[[], list[int]]


@pytest.fixture(scope="module")  # as long as Playwright runs it holds the thread's event loop, which other tests want
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a file, which wait as long as a kernel on a busy machine takes to start."""
    expect.set_options(timeout=20_000)
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Page]]:
    """Opens an app in a page of its own (keywords are the browser context's); in the end no foreign host was asked."""
    opened = []

    def open_it(app: App, **context) -> Page:
        page = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | context)).new_page()
        opened.append((page, hosts_asked(page), app.host))
        page.goto(app.url)
        return page

    yield open_it
    for page, hosts, host in opened:
        page.context.close()
        assert hosts == {host}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    """A site in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    paths = "".join(f'{name} = "{folder / name}"\n' for name in Paths.model_fields)
    (folder / "ccds.toml").write_text(f'[paths]\n{paths}[hub]\nadministrators = ["admin"]\nleadership = ["lea"]\n')
    settings = load_settings(folder / "ccds.toml")
    roles = {"fay": "fellow", "lea": "leadership"}
    for project_id in ("CHEST-1", "EMPTY-1"):
        application = IrbApplication.model_validate(
            {
                "id": project_id,
                "title": "Effusions",
                "pi": "Dr. Reed",
                "approved": date(2020, 1, 1),
                "expires": date(2999, 1, 1),
                "exam_codes": ["CXR2"],
                "study_dates": [date(2020, 1, 1), date(2020, 12, 31)],
                "data": ["reports"],
                "egress": "locked",
                "roster": [{"person": person, "role": role, "trained": TRAINED} for person, role in roles.items()],
            }
        )
        apply_application(application, person="admin", settings=settings)
    return Site(folder, settings)


@pytest.fixture(scope="module")
def serve(site, tmp_path_factory) -> Iterator[Callable[..., App]]:
    """Serves an app of ours by a plain Voilà on loopback, as the session of a person, and of a project if any, would."""
    running = []

    def start(notebook: str, *, person: str, project: str | None = None) -> App:
        folder = tmp_path_factory.mktemp("voila")
        templates = folder / "jupyter" / "voila" / "templates"
        templates.mkdir(parents=True)
        (templates / "ccds").symlink_to(CHECKOUT / "notebooks" / "templates" / "ccds")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = folder / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("voila"),
                    CHECKOUT / "notebooks" / "apps" / notebook,
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
                    "CCDS_CONFIG": str(site.folder / "ccds.toml"),
                    **session_of(person, project or "", site.folder / "ccds.toml"),
                    "JUPYTER_PATH": str(folder / "jupyter"),
                    "HOME": str(folder),
                },
            )
        running.append(process)
        until(lambda: process.poll() is not None or "is running at" in log.read_text(errors="replace"), "Voilà")
        assert process.poll() is None, log.read_text(errors="replace")
        return App(f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}", lambda: _children(process.pid))

    yield start
    for process in running:
        left = _children(process.pid)
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
