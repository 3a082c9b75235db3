"""How long a labeler waits from a key until the next study shows, with the real widget, kernel and database in a real Chromium.

    python benchmarks/labeling_confirm.py [-n 300] [--pace-s 0.4]

From the key press, as the browser has it, to the frame after the one in which the next study's key and report stand in the page;
and from the key until the screen says that everything is saved. A labeler who presses every --pace-s seconds, and one who presses
as soon as the next study shows; reports of 0.1, 2 and 20 kB. Target from key to next study: at most 100 ms (p95).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Page, expect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import load_settings
from support.browser import chromium
from support.confirm_project import LABELERS, PROJECT, TASK, TEXTS, confirm_project, make_batch
from support.site import write_settings
from support.voila import served

SIZES = (100, 2_000, 20_000)
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


def confirm(page: Page, studies: int, pace_s: float) -> dict[str, list[float]]:
    """Confirms that many studies; the waits in ms."""
    page.evaluate(_WATCH)
    for number in range(1, studies + 1):
        page.keyboard.press("Enter")
        page.wait_for_function("(n) => window.waits.next.length >= n", arg=number)
        if pace_s:
            page.wait_for_timeout(1000 * pace_s)
    expect(page.locator(".ccds-saving")).to_have_text("Saved")
    waits: dict[str, list[float]] = page.evaluate("() => window.waits")
    return waits


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
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("voila", "anywidget", "playwright")))
    for size in SIZES:
        texts = [FILLER * (max(0, size - len(text)) // len(FILLER)) + text for text in TEXTS]
        with tempfile.TemporaryDirectory(prefix="ccds-bench-") as place, chromium() as browser:
            folder = Path(place)
            config = write_settings(folder)
            project = confirm_project(load_settings(config), 2 * options.n + 1, texts=texts)
            keys = [stored.study_key for stored in LabelingRepository(project, TASK).reports()]
            for pace_s, chosen in ((options.pace_s, keys[: options.n + 1]), (0.0, keys[options.n + 1 :])):
                person = LABELERS[0] if pace_s else LABELERS[1]
                make_batch(project, f"{pace_s} s", chosen, labelers=[person])
                with served("labeling.ipynb", folder / person, config=config, person=person, project=PROJECT) as app:
                    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
                    page.goto(app.url)
                    page.locator(".ccds-group").wait_for(timeout=60_000)
                    waits = confirm(page, len(chosen) - 1, pace_s)
                    page.context.close()
                print(
                    f"reports of {size / 1000:g} kB, {f'a key every {pace_s:g} s' if pace_s else 'as fast as studies show'}"
                )
                tell("key to next study", waits["next"])
                tell("key to saved", waits["saved"])
            project.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
