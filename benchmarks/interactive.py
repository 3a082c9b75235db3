"""How long people wait until they can work: every app of the demo, in a real Chromium, cold and warm.

    python benchmarks/interactive.py [-n 5]

Cold: from the click on the tile's Start, with no session there, to the first screen that can be used. Warm: the page loaded
anew while the session runs, to the same screen. For the lab's notebooks cold is from Run All in a fresh kernel, warm the
reload of the page. Target for an app: at most 3 s with a warm kernel.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.browser import chromium
from support.demo import APP, LAB, Demo, running_demo
from support.lab import open_notebook, run_all

WAIT_MS = 120_000
APPS = (
    ("labelling", "fay", APP, ".ccds-done"),
    ("monitoring", "lee", "reports", ".ccds-monitoring svg"),
)
NOTEBOOKS = (
    (
        "normalization preview",
        "walkthroughs/normalization.ipynb",
        ".ccds-normalization .ccds-caption:has-text('slice')",
    ),
    ("training launcher", "walkthroughs/training.ipynb", ".ccds-training form"),
)

Times = dict[str, list[float]]


def page_of(browser: Browser, demo: Demo, person: str) -> Page:
    """A page in which `person` is logged in, at home."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{demo.url}/hub/login")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(demo.passwords[person])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/hub/home")
    return page


def seconds(page: Page, act: Callable[[], object], usable: str) -> float:
    """From `act` until the element `usable` is visible."""
    begin = time.perf_counter()
    act()
    page.locator(usable).first.wait_for(timeout=WAIT_MS)
    return time.perf_counter() - begin


def measure_apps(browser: Browser, demo: Demo, times: Times) -> None:
    """One cold and one warm start of each app; its session is stopped at the end."""
    for name, person, session, usable in APPS:
        page = page_of(browser, demo, person)
        times[f"{name}, cold"].append(seconds(page, page.get_by_role("link", name="Start").first.click, usable))
        time.sleep(5)  # the next kernel is being made warm
        times[f"{name}, warm"].append(seconds(page, page.reload, usable))
        page.context.close()
        demo.stop(demo.login(person), person, session)


def measure_lab(browser: Browser, demo: Demo, times: Times) -> None:
    """One lab session with both walk-throughs; stopped at the end."""
    page = page_of(browser, demo, "sam")
    page.goto(f"{demo.url}/hub/spawn/sam/{LAB}")
    start = page.get_by_role("button", name="Start")
    times["JupyterLab, cold"].append(seconds(page, start.click, ".jp-Launcher, .jp-NotebookPanel"))
    times["JupyterLab, warm"].append(seconds(page, page.reload, ".jp-Launcher, .jp-NotebookPanel"))
    for name, path, usable in NOTEBOOKS:
        open_notebook(page, f"{demo.url}/user/sam/{LAB}/", path)
        times[f"{name}, cold"].append(seconds(page, lambda: run_all(page), usable))
        page.keyboard.press("Control+s")
        time.sleep(2)  # the notebook, with its output, is being saved
        times[f"{name}, warm"].append(seconds(page, page.reload, usable))
    page.context.close()
    demo.stop(demo.login("sam"), "sam", LAB)


def main() -> int:
    """Prints the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=5)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("jupyterhub", "jupyterlab", "voila", "anywidget")))
    names = ["JupyterLab", *(name for name, *_ in (*APPS, *NOTEBOOKS))]
    times: Times = {f"{name}, {state}": [] for name in names for state in ("cold", "warm")}
    with tempfile.TemporaryDirectory(prefix="ccds-bench-") as place:
        begin = time.perf_counter()
        with running_demo(Path(place) / "site") as demo, chromium() as browser:
            print(f"first start of the demo, all its data made: {time.perf_counter() - begin:.1f} s")
            for _ in range(options.n):
                measure_apps(browser, demo, times)
                measure_lab(browser, demo, times)
        begin = time.perf_counter()
        with running_demo(Path(place) / "site"):
            print(f"second start: {time.perf_counter() - begin:.1f} s")
    for name, values in times.items():
        print(
            f"{name:<30} median {statistics.median(values):5.2f} s, from {min(values):.2f} to {max(values):.2f}, n {len(values)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
