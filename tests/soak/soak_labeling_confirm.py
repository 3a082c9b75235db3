"""Soak: three labelers confirm 300 studies at once in real browsers, with random undos, a tab and a kernel that die.

    python tests/soak/soak_labeling_confirm.py [--studies 300] [--seed 6]

Each labeler has a tab, a server and a kernel of their own; who presses next, and what, is drawn by chance. Every key has to be
kept exactly once, in the order in which its labeler pressed it; of the tab that dies, every key that it had said to be saved. No
study may be in two hands. Exit status 1 where a promise is broken.
"""

# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import load_settings
from support.browser import chromium
from support.confirm_project import LABELERS, PROJECT, TASK, confirm_project, make_batch
from support.confirm_race import Seat, race
from support.site import write_settings
from support.soak import tell
from support.voila import served


def main() -> int:
    """Prints what was pressed, and the broken promises."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    chance = Random(options.seed)  # noqa: S311 - keeps no secret
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as place, ExitStack() as running:
        folder = Path(place)
        config = write_settings(folder)
        project = confirm_project(load_settings(config), options.studies)
        running.callback(project.close)
        keys = [stored.study_key for stored in LabelingRepository(project, TASK).reports()]
        gold = options.studies // 15
        batch = make_batch(project, "soak", keys[gold:], gold=keys[:gold], wrong=gold // 3)
        browser = running.enter_context(chromium())
        seats = []
        for person in LABELERS:
            app = running.enter_context(
                served("labeling.ipynb", folder / person, config=config, person=person, project=PROJECT)
            )
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(app.url)
            seats.append(Seat(person, app, page))
        begin = time.monotonic()
        third = options.studies // 3
        broken = race(project, batch, seats, chance, crash_after=third, kill_after=2 * third)
        pressed = Counter(told.kind.value for seat in seats for told in seat.pressed)
        print(f"{options.studies} studies, {pressed.total()} keys in {time.monotonic() - begin:.0f} s: {dict(pressed)}")
    return tell(broken)


if __name__ == "__main__":
    sys.exit(main())
