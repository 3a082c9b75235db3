"""JupyterLab in a page: its notebooks opened and run as a person would."""

import re

from playwright.sync_api import Locator, Page, TimeoutError, expect  # noqa: A004 - Playwright's own

from support.waiting import until

STARTING_MS = 60_000


def open_notebook(page: Page, session_url: str, path: str) -> None:
    """Opens the notebook `path` of a lab session whose address is `session_url`, and waits until its kernel is idle."""
    page.goto(f"{session_url}lab/tree/{path}?reset")  # not what an earlier test left open
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Waits until the notebook in front has a kernel that does nothing: before, JupyterLab forgets what it is asked."""
    expect(page.get_by_text("CCDS | Idle")).to_be_visible(timeout=STARTING_MS)


def run_all(page: Page) -> None:
    """Runs every cell of the notebook in front."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()


def new_notebook(page: Page, session_url: str) -> Locator:
    """A new notebook with our kernel; returns the editor of its first cell."""
    page.goto(f"{session_url}lab?reset")
    page.locator(".jp-LauncherCard[title^='CCDS']").first.click(timeout=STARTING_MS)
    editor = page.locator(".jp-Notebook .cm-content").first
    expect(editor).to_be_visible(timeout=STARTING_MS)
    return editor


def run_until_it_prints(editor: Locator, output: Locator) -> None:
    """Runs the cell until it gives an output: JupyterLab says idle, and forgets what it is asked, before its kernel is there.

    The cell may run more than once: not for one that doesn't end.
    """

    def runs() -> bool:
        editor.press("Shift+Enter")
        try:
            output.wait_for(timeout=5_000)
        except TimeoutError:
            return False
        return True

    until(runs, "the cell to run", seconds=60)
