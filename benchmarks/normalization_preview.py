"""How long a scientist waits from a slider of a recipe's step until the picture follows, on a CT of 512 x 512 x 300.

    python benchmarks/normalization_preview.py [-n 60]

The real widget, kernel and volume in a real Chromium. A slider is held and moved by the mouse, again as soon as the picture has
followed; the time runs from the browser's input event to the frame after the one in which the picture after the recipe was
drawn anew: of the coarser copy, as a page shows it while a slider is held. Then from the release until the whole volume is
shown, which the page waits 0.3 s to begin. Recipes: reorient, resample to 1 mm, window; the same and a z-score within Otsu's
mask; the first on four such studies at once. Target from slider to picture: at most 200 ms (p95).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.irb.project import Project
from ccds_kernel.normalization.nifti import write_nifti
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.settings import load_settings
from support.browser import chromium
from support.preview import SIDECAR, fill_project
from support.preview_page import only
from support.site import write_settings
from support.voila import served

SHAPE = (512, 512, 300)
SPACING_MM = (0.703125, 0.703125, 1.25)
STUDIES = 4
PATIENCE_MS = 120_000

_WATCH = """() => {
  window.waits = [];
  let since = null;
  document.addEventListener("input", (event) => {
    if (event.target.matches(".ccds-knob")) since ??= event.timeStamp;
  }, { capture: true });
  const draw = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...more) {
    draw.apply(this, more);
    if (since === null || !this.canvas.closest("[data-side=after]")) return;
    const began = since;
    since = null;
    requestAnimationFrame(() => requestAnimationFrame(() => window.waits.push(performance.now() - began)));
  };
}"""


def make_ct(path: Path, seed: int) -> None:
    """Writes a made-up head, int16, with its sidecar: soft tissue with noise in a shell of bone, in air."""
    chance = np.random.default_rng(seed)
    x, y, z = np.ogrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j, -1 : 1 : SHAPE[2] * 1j]
    voxels = np.empty(SHAPE, np.int16, order="F")
    for k in range(SHAPE[2]):
        radius = np.sqrt((x / 0.7) ** 2 + (y / 0.85) ** 2 + (z[0, 0, k] / 0.9) ** 2)[..., 0]
        tissue = np.where(radius < 0.9, 35 + 8 * seed, np.where(radius < 1, 900, -1000))  # noqa: PLR2004 - skull
        voxels[:, :, k] = tissue + chance.normal(0, np.where(radius < 1, 12, 4))
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_name("plain.nii")
    write_nifti(Volume(voxels, np.diag([*SPACING_MM, 1.0])), plain, 1)
    with plain.open("rb") as source, gzip.open(path, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(source, packed)
    plain.unlink()
    about = SIDECAR | {
        "spacing_mm": SPACING_MM,
        "shape": SHAPE,
        "scanner": {"ManufacturerModelName": f"Scanner {seed}"},
    }
    path.with_name("series-1.json").write_text(json.dumps(about))


def make_project(folder: Path) -> tuple[Project, Path]:
    """A project with `STUDIES` such studies and no other; the settings' file."""
    config = write_settings(folder)
    project = fill_project(load_settings(config))
    for study in (project.folder / "nifti").iterdir():
        for file in study.iterdir():
            file.unlink()
    for seed in range(STUDIES):
        make_ct(project.folder / "nifti" / f"study{seed}abcdefghij" / "series-1.nii.gz", seed)
    return project, config


def settle(page: Page) -> None:
    """Waits until whole volumes are shown."""
    expect(page.locator("[data-side=after] .ccds-caption").first).to_contain_text("slice", timeout=PATIENCE_MS)
    expect(page.locator(".ccds-normalization")).to_have_attribute("aria-busy", "false", timeout=PATIENCE_MS)


def drag(page: Page, knob: Locator, start: float, moves: int) -> tuple[list[float], float]:
    """Holds the slider at a share of its length and moves it that often; the waits in ms.

    And the seconds from the release to whole volumes: runs that start elsewhere end elsewhere, where nothing is kept yet.
    """
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    assert box  # noqa: S101 - the page is there
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, middle)
    page.mouse.down()
    page.wait_for_timeout(500)
    before = page.evaluate("() => window.waits.length")
    for move in range(1, moves + 1):
        page.mouse.move(box["x"] + box["width"] * (start + 0.01 * (move % 19 + 1)), middle)
        page.wait_for_function("(n) => window.waits.length >= n", arg=before + move)
    page.mouse.up()
    released = time.perf_counter()
    expect(page.locator(".ccds-work")).to_contain_text("Pictures are of whole volumes", timeout=PATIENCE_MS)
    return page.evaluate("(from) => window.waits.slice(from)", before), time.perf_counter() - released


def tell(what: str, waits: Sequence[float], whole: float) -> None:
    """Prints median, 95th percentile and the longest."""
    ordered = sorted(waits)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"  {what:<34} median {statistics.median(ordered):6.1f} ms, p95 {p95:6.1f}, longest {ordered[-1]:6.1f}, ",
        end="",
    )
    print(f"n {len(ordered)}; released to whole volume {whole:.1f} s; load {os.getloadavg()[0]:.1f}", flush=True)


def main() -> int:
    """Prints the waits for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=60, help="moves of each slider (default: %(default)s)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("ccds", "numpy", "voila", "anywidget", "playwright")))
    with ExitStack() as open_now:
        folder = Path(open_now.enter_context(tempfile.TemporaryDirectory(prefix="ccds-bench-")))
        project, config = make_project(folder)
        open_now.callback(project.store.close)
        kept = folder / "voila"
        kept.mkdir()
        notebook = only(folder, "preview")
        browser = open_now.enter_context(chromium())
        app = open_now.enter_context(served(notebook, kept, config=config, person="sam", project=project.id))
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(app.url)
        settle(page)
        page.evaluate(_WATCH)
        center = page.get_by_label("window center, slider")
        tell("window's center", *drag(page, center, 0.4, options.n))
        page.get_by_label("Add a step").select_option("z_score")
        page.get_by_label("z_score mask").select_option("otsu")
        settle(page)
        tell("window's center, z-score after it", *drag(page, center, 0.43, options.n))
        page.get_by_role("button", name="Remove z_score").click()
        page.get_by_role("button", name="One of each scanner").click()
        settle(page)
        tell(f"window's center, {STUDIES} studies", *drag(page, center, 0.46, options.n))
    return 0


if __name__ == "__main__":
    sys.exit(main())
