"""A Chromium for all tests, pages that ask no foreign host, and apps served by a plain Voilà."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import Paths, Settings, load_settings
from support.browser import chromium, hosts_asked
from support.preview_page import open_preview, preview_app, previewed, recipes
from support.site import TRAINED
from support.voila import App, served
from support.waiting import PATIENCE

__all__ = ["open_preview", "preview_app", "previewed", "recipes"]


@dataclass(frozen=True)
class Site:
    """A site with projects CHEST-1 and EMPTY-1; on both are the fellow fay and, for leadership, lea, who leads the site, too."""

    folder: Path
    settings: Settings


@pytest.fixture(scope="module")  # as long as Playwright runs it holds the thread's event loop, which other tests want
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a file, which wait as long as a kernel on a busy machine takes to start."""
    expect.set_options(timeout=20_000 * PATIENCE)
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
    with ExitStack() as running:

        def start(notebook: str, *, person: str, project: str | None = None) -> App:
            folder = tmp_path_factory.mktemp("voila")
            config = site.folder / "ccds.toml"
            return running.enter_context(served(notebook, folder, config=config, person=person, project=project))

        yield start
