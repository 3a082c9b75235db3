"""JupyterLab in a page: its notebooks opened and run as a person would."""

import re
from contextlib import AbstractContextManager
from typing import Any

from playwright.sync_api import Locator, Page, expect

STARTING_MS = 60_000


def open_notebook(page: Page, session_url: str, path: str) -> None:
    """Opens the notebook `path` of a lab session whose address is `session_url`, and waits until its kernel is there and idle."""
    with _its_kernel(page):
        page.goto(f"{session_url}lab/tree/{path}?reset")  # not what an earlier test left open
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Waits until the notebook in front has a kernel that does nothing; JupyterLab says so, too, while it has none yet."""
    expect(page.get_by_text("CCDS | Idle")).to_be_visible(timeout=STARTING_MS)


def run_all(page: Page) -> None:
    """Runs every cell of the notebook in front."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()


def new_notebook(page: Page, session_url: str) -> Locator:
    """A new notebook with our kernel, which is there and idle; returns the editor of its first cell."""
    page.goto(f"{session_url}lab?reset")
    with _its_kernel(page):
        page.locator(".jp-LauncherCard[title^='CCDS']").first.click(timeout=STARTING_MS)
    wait_until_idle(page)
    editor = page.locator(".jp-Notebook .cm-content").first
    expect(editor).to_be_visible(timeout=STARTING_MS)
    return editor


def run_until_it_prints(editor: Locator, output: Locator) -> None:
    """Runs the cell once and waits for its output."""
    editor.press("Shift+Enter")
    output.wait_for(timeout=STARTING_MS)


def _its_kernel(page: Page) -> AbstractContextManager[Any]:
    """Waits, at its end, until the page has begun to speak with a kernel.

    A cell that is run before makes JupyterLab start a second kernel beside the first, and keep the page on the one that it
    then ends: that notebook runs nothing any more, and says nothing.
    """
    return page.expect_websocket(lambda socket: "/api/kernels/" in socket.url, timeout=STARTING_MS)
