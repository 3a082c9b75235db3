"""A labeler who closes the tab, or loads it anew, just after some keys: what the page took in has to be kept, each key once.

The page tells the keys that it takes in (it keeps them in its tab until they are acknowledged). Whoever is asked by the browser
whether they mean to leave stays, and waits until everything is saved; whoever isn't asked leaves nothing behind.
"""

import json
from collections import Counter
from random import Random

from playwright.sync_api import Browser, Dialog, Page, expect

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.curating import Curating
from support.confirm_project import TASK, saved
from support.voila import App

LONGEST_MS = 400
"""Between the last key and the end: on a quiet machine a key is acknowledged within this, on a busy one later."""

_TELL = """
const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (name, value) {
  if (name.startsWith("ccds-confirm-") && name.endsWith("-keys")) window.tookIn(value);
  return set.call(this, name, value);
};
"""


class Closing:
    """One labeler's tabs, one after the other.

    Args:
        project: as the fellow has it open.
        app: the labeler's server.
        browser: the browser.

    Attributes:
        ends: how the tabs ended: "asked", "not asked" and "loaded anew".
        taken: how many keys the pages took in.
    """

    def __init__(self, project: Project, app: App, browser: Browser) -> None:
        self._project, self._app, self._browser = project, app, browser
        self.ends: Counter[str] = Counter()
        self.taken = 0

    def run(self, keys: list[str], chance: Random) -> list[str]:
        """Opens a tab, presses `keys`, and ends it at a moment by `chance`; a line for each promise that was broken."""
        before = len(self._kept())
        took: dict[str, str] = {}
        asked: list[Dialog] = []
        context = self._browser.new_context(viewport={"width": 1280, "height": 800})
        context.expose_function(
            "tookIn", lambda told: took.update((key["id"], key["kind"]) for key in json.loads(told))
        )
        context.add_init_script(_TELL)
        page = context.new_page()
        anew = chance.random() < 0.3
        page.on("dialog", lambda dialog: (asked.append(dialog), dialog.accept() if anew else dialog.dismiss()))
        page.goto(self._app.url)
        expect(page.locator(".ccds-confirming .ccds-report-head .ccds-key")).to_be_visible()
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(chance.choice([0, 0, 5, 40, 150]))
        page.wait_for_timeout(chance.choice([0, 5, 20, 80, chance.random() * LONGEST_MS]))
        if anew:
            page.reload()
            expect(page.locator(".ccds-confirming .ccds-report-head .ccds-key")).to_be_visible()
            saved(page)
        else:
            self._close(page, asked)
        self.ends["loaded anew" if anew else "asked" if asked else "not asked"] += 1
        self.taken += len(took)
        context.close()
        kept = Counter(stored.answer.id for stored in self._kept()[before:])
        lines = [f"{kind} was taken in and kept {kept[one]} times" for one, kind in took.items() if kept[one] != 1]
        lines += [f"a key was kept that the page didn't take in: {one}" for one in kept if one not in took]
        return lines if took else [*lines, f"of {keys} the page took nothing in"]

    def _close(self, page: Page, asked: list[Dialog]) -> None:
        page.close(run_before_unload=True)
        with self._browser.new_context() as other:
            meanwhile = other.new_page()
            while not (asked or page.is_closed()):
                meanwhile.wait_for_timeout(10)
        if asked:
            saved(page)

    def _kept(self) -> tuple[StoredAnswer, ...]:
        return Curating(self._project, TASK).every_answer()


def some_keys(chance: Random) -> list[str]:
    """What somebody presses who is in a hurry: answers, and taking the last ones back."""
    begin = ["Enter", "Enter", "u", "u", "Enter"]
    return (
        begin
        if chance.random() < 0.5
        else chance.choices(["Enter", "Space", "1", "2", "u", "s"], k=chance.randint(1, 9))
    )
