"""How long a labeler waits from a key until the next study shows, with the real widget, kernel and database in a real Chromium.

    python benchmarks/labeling_confirm.py [-n 300] [--pace-s 0.4] [--kb 0.1 2 20]

From the key press, as the browser has it, to the frame after the one in which the next study's key and report stand in the page;
and from the key until the screen says that everything is saved. A labeler who presses every --pace-s seconds, one who presses as
soon as the next study shows, and three at once in one batch who press one after the other, each every --pace-s seconds; reports
of 0.1, 2 and 20 kB. Target from key to next study: at most 100 ms (p95).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Page, expect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import load_settings
from ccds_widgets.labeling.confirm.model import AHEAD
from support.browser import chromium
from support.confirm_project import LABELERS, PROJECT, TASK, TEXTS, confirm_project, make_batch
from support.site import write_settings
from support.voila import served

KB = (0.1, 2, 20)
FILLER = "The lungs are clear and the heart is of normal size. "

_WATCH = """() => {
  window.waits = { next: [], saved: [] };
  const key = () => document.querySelector(".ccds-columns .ccds-report-head .ccds-key")?.textContent;
  let pressed = null;
  let before = null;
  let unsaved = [];
  document.addEventListener("keydown", (event) => {
    pressed = event.timeStamp;
    before = key();
    unsaved.push(event.timeStamp);
  }, { capture: true });
  new MutationObserver(() => {
    if (pressed !== null && key() && key() !== before) {
      const since = pressed;
      pressed = null;
      requestAnimationFrame(() => requestAnimationFrame(() => window.waits.next.push(performance.now() - since)));
    }
    if (document.querySelector(".ccds-saving")?.dataset.state === "saved") {
      const now = performance.now();
      window.waits.saved.push(...unsaved.map((since) => now - since));
      unsaved = [];
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
}"""


def confirm(pages: Sequence[Page], studies: int, pace_s: float) -> dict[str, list[float]]:
    """Confirms that many studies on each of the pages, in turn; the waits in ms."""
    for page in pages:
        page.evaluate(_WATCH)
    for number in range(1, studies + 1):
        for page in pages:
            page.keyboard.press("Enter")
            page.wait_for_function("(n) => window.waits.next.length >= n", arg=number)
            if pace_s:
                page.wait_for_timeout(1000 * pace_s / len(pages))
    waits: dict[str, list[float]] = {"next": [], "saved": []}
    for page in pages:
        expect(page.locator(".ccds-saving")).to_have_text("Saved", timeout=60_000)
        for what, ms in page.evaluate("() => window.waits").items():
            waits[what].extend(ms)
    return waits


def measure(size: int, labelers: Sequence[str], studies: int, pace_s: float) -> dict[str, list[float]]:
    """The waits of labelers who share a batch of reports of `size` characters and confirm that many studies each."""
    texts = [FILLER * (max(0, size - len(text)) // len(FILLER)) + text for text in TEXTS]
    with ExitStack() as open_now:
        folder = Path(open_now.enter_context(tempfile.TemporaryDirectory(prefix="ccds-bench-")))
        config = write_settings(folder)
        # What is shipped ahead to one labeler the others can't have.
        project = confirm_project(load_settings(config), len(labelers) * (studies + 2 * AHEAD), texts=texts)
        open_now.callback(project.close)
        keys = [stored.study_key for stored in LabelingRepository(project, TASK).reports()]
        make_batch(project, "all", keys, labelers=labelers)
        browser = open_now.enter_context(chromium())
        pages = []
        for person in labelers:
            app = served("labeling.ipynb", folder / person, config=config, person=person, project=PROJECT)
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(open_now.enter_context(app).url)
            page.locator(".ccds-group").wait_for(timeout=60_000)
            pages.append(page)
        return confirm(pages, studies, pace_s)


def tell(what: str, waits: list[float]) -> None:
    """Prints median, 95th percentile and the longest."""
    ordered = sorted(waits)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"  {what:<20} median {statistics.median(ordered):6.1f} ms, p95 {p95:6.1f}, longest {ordered[-1]:6.1f}, n {len(ordered)}"
    )


def main() -> int:
    """Prints the waits for each size of report and each pace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=300)
    parser.add_argument("--pace-s", type=float, default=0.4)
    parser.add_argument("--kb", type=float, nargs="+", default=KB, help="how long reports are (default: %(default)s)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("voila", "anywidget", "playwright")))
    one, three = LABELERS[:1], LABELERS[:3]
    paces = (
        (one, options.pace_s, f"a key every {options.pace_s:g} s"),
        (one, 0.0, "as fast as studies show"),
        (three, options.pace_s, f"three labelers, each a key every {options.pace_s:g} s"),
    )
    for size in options.kb:
        for labelers, pace_s, words in paces:
            waits = measure(round(1000 * size), labelers, options.n // len(labelers), pace_s)
            print(f"reports of {size:g} kB, {words}")
            tell("key to next study", waits["next"])
            tell("key to saved", waits["saved"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
