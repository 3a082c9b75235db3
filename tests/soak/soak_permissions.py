"""Soak: every role × every thing × every standing at every layer of real sites, and `ccds irb apply` killed -9 again and again.

    python tests/soak/soak_permissions.py [--layers door kernel files database hub spawn apps] [--kills 20] [--limit-s 1200]

What each layer can tell apart, and the table that it is held against, are in tests/support (`matrix.py`, `layers/`). Needs
root on a machine of one's own, for real Unix users, and PostgreSQL's server. Exit status 1 where a cell is wrong, or a layer
couldn't be tried whole.
"""

# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.checkout import ROOT
from support.layers.apps import apps_layer
from support.layers.database import database_layer
from support.layers.door import door_layer
from support.layers.files import files_layer
from support.layers.hub import RestLayer, SpawnLayer, people_of_a_hub
from support.layers.kernel import kernel_layer
from support.matrix import ROLES, STANDINGS, Cell, Layer, expected
from support.postgresql import running_server
from support.soak import tell

KILLED = ("tests/irb/test_reconcile_killed.py", "-k", "killed_anywhere")


@contextmanager
def _files(_folder: Path) -> Iterator[Layer]:
    with files_layer() as layer:
        yield layer


@contextmanager
def _database(folder: Path) -> Iterator[Layer]:
    with running_server() as server, database_layer(server, folder) as layer:
        yield layer


@contextmanager
def _hub(folder: Path) -> Iterator[Layer]:
    with people_of_a_hub(folder / "site") as people:
        yield RestLayer(people)


@contextmanager
def _spawn(folder: Path) -> Iterator[Layer]:
    with people_of_a_hub(folder / "site") as people:
        yield SpawnLayer(people)


LAYERS: Mapping[str, Callable[[Path], AbstractContextManager[Layer]]] = {
    "door": door_layer,
    "kernel": kernel_layer,
    "files": _files,
    "database": _database,
    "hub": _hub,
    "spawn": _spawn,
    "apps": apps_layer,
}


@dataclass
class Tried:
    """What came of one layer: its cells as they should be, and those that were otherwise."""

    cells: dict[tuple[str, Cell], bool] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        allowed = sum(self.cells.values())
        return (
            f"{len(self.cells):5} cells, {allowed:4} allowed, {len(self.cells) - allowed:5} denied, "
            f"{len(self.wrong)} wrong, {self.seconds:.0f} s"
        )


def tried(name: str, deadline: float) -> Tried:
    """Tries one layer in every standing; a layer that fails, or that there is no time for, is wrong as well."""
    found, began = Tried(), time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="ccds-soak-") as folder, LAYERS[name](Path(folder)) as layer:
            for standing in STANDINGS:
                if time.monotonic() > deadline:
                    found.wrong.append(f"{standing}: not tried, the time is over")
                    break
                wanted = expected(layer, standing, ROLES)
                observed = layer.observe(standing, ROLES)
                found.cells |= {(standing, cell): may for cell, may in wanted.items()}
                for cell in wanted.keys() | observed.keys():
                    if wanted.get(cell) != observed.get(cell):
                        found.wrong.append(f"{standing}: {': '.join(cell)}: {observed.get(cell)}")
                print(f"  {name}: {standing}: {len(wanted)} cells, {time.monotonic() - began:.0f} s", flush=True)
    except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001 - the next layer is tried all the same
        found.wrong.append(f"not tried to the end: {type(error).__name__}: {error}")
    found.seconds = time.monotonic() - began
    return found


def killed(times: int, seconds: float) -> tuple[str, bool]:
    """Runs the test that kills `ccds irb apply` so many times; returns its figures, and whether it passed."""
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", f"--timeout={seconds:.0f}", f"--junitxml={report}", "--override-ini=junit_family=xunit1"]
        command = [sys.executable, "-m", "pytest", *options, *KILLED]
        environment = os.environ | {"CCDS_TEST_KILLS": str(times), "CCDS_REQUIRE_COMPONENTS": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if not report.exists():
            return done.stderr.strip(), False
        properties = ET.parse(report).iter("property")  # noqa: S314 - pytest's own file
        figures = {one.get("name"): one.get("value") for one in properties}
    words = ", ".join(f"{name} {value}" for name, value in figures.items())
    return (words, True) if done.returncode == 0 else (done.stdout.strip(), False)


def main() -> int:
    """Runs it; prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", nargs="+", choices=LAYERS, default=list(LAYERS))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--limit-s", type=float, default=1200.0)
    options = parser.parse_args()
    deadline = time.monotonic() + options.limit_s
    results = {name: tried(name, deadline) for name in options.layers}
    print(f"{len(ROLES)} roles in {len(STANDINGS)} standings:")
    for name, result in results.items():
        print(f"  {name:9}{result}")
    broken = [f"{name}: {line}" for name, result in results.items() for line in result.wrong]
    if options.kills:
        began = time.monotonic()
        figures, passed = killed(options.kills, max(60.0, deadline - began))
        print(f"ccds irb apply killed -9: {figures}, {time.monotonic() - began:.0f} s")
        broken += [] if passed else ["ccds irb apply killed -9: the test didn't pass"]
    return tell(broken)


if __name__ == "__main__":
    sys.exit(main())
