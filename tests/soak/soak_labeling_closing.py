"""Soak: a labeler closes the tab, or loads it anew, at random moments just after some keys, in a real browser.

    python tests/soak/soak_labeling_closing.py [--seeds 40] [--first 0]

What the page took in has to be kept, each key once: whoever is asked whether they mean to leave stays and has everything saved,
whoever isn't asked leaves nothing behind. Exit status 1 where a promise is broken.
"""

# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import expect

from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import load_settings
from support.browser import chromium
from support.confirm_closing import Closing, some_keys
from support.confirm_project import LABELERS, PROJECT, TASK, confirm_project, make_batch
from support.site import write_settings
from support.soak import tell
from support.voila import served


def main() -> int:
    """Prints how the tabs ended, and the broken promises."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    expect.set_options(timeout=60_000)
    broken = []
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as place, ExitStack() as running:
        folder, person = Path(place), LABELERS[0]
        config = write_settings(folder)
        project = confirm_project(load_settings(config), 9 * options.seeds)
        running.callback(project.close)
        keys = [stored.study_key for stored in LabelingRepository(project, TASK).reports()]
        make_batch(project, "soak", keys, labelers=[person])
        app = running.enter_context(
            served("labeling.ipynb", folder / person, config=config, person=person, project=PROJECT)
        )
        browser = running.enter_context(chromium())
        closing = Closing(project, app, browser)
        for seed in range(options.first, options.first + options.seeds):
            chance = Random(seed)  # noqa: S311 - keeps no secret
            broken += [f"seed {seed}: {line}" for line in closing.run(some_keys(chance), chance)]
        print(f"{options.seeds} tabs: {dict(closing.ends)}; {closing.taken} keys taken in")
    return tell(broken)


if __name__ == "__main__":
    sys.exit(main())
